// Programs that tests alone need. Where they cannot be installed, those tests are left out and say so.
import { withLock } from './lock.mjs';
import { Impossible, onPath } from './run.mjs';
import { installOne } from './system-packages.mjs';

/** Installs what is missing of the programs; `wanted` as for installOne. If that fails, only prints why. */
export function prepareTestPrograms(programs, wanted) {
  const isThere = () => programs.every((program) => onPath(program));
  if (isThere()) return;
  try {
    withLock(() => isThere() || installOne({ otherwise: 'go on without them', ...wanted }));
  } catch (error) {
    if (!(error instanceof Impossible)) throw error;
    console.error(`drover: ${error.message}`);
  }
}
