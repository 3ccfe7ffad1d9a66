// Reads --fail-on of drover report.
import { DroverError } from '../../src/errors.ts';
import { everyKind, type Kind, kinds } from '../../src/report/kinds.ts';

/** Reads --fail-on. Throws E_USAGE for an unknown kind. */
export function readFailOn(given: string): Kind[] {
  return given.split(',').flatMap((text) => {
    const name = text.trim();
    if (name === 'any') return everyKind.filter((kind) => kind !== 'otherCanonical');
    const kind = everyKind.find((one) => kinds[one].failOn === name);
    if (kind) return [kind];
    const names = everyKind.map((one) => kinds[one].failOn).join(', ');
    throw new DroverError(
      'E_USAGE',
      `--fail-on: expected any, or some of ${names} (got ${JSON.stringify(name)}).`,
    );
  });
}
