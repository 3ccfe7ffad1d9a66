// The bundle of the sources as they are now, which tests run in place of the sources: it starts in a third of
// the time.
import { join } from 'node:path';
import { prepareBundle } from '../../../scripts/setup/bundle.mjs';

let folder: string | undefined;

/** Its folder. It is looked for, or made, once for each file of tests. */
export function bundle(): string {
  folder ??= prepareBundle();
  return folder;
}

/** The command in it, to be run by Node. */
export function bundledDrover(): string {
  return join(bundle(), 'cli/drover.js');
}
