// Reads the name of an error code.
import { catalogue, DroverError } from '../../src/errors.ts';
import { nearest } from '../../src/nearest.ts';

/** The code, if there is such a code. Throws E_USAGE, so that a typing error is not taken for "none". */
export function readCode(code: string, flag: string): string {
  if (Object.hasOwn(catalogue, code)) return code;
  throw new DroverError(
    'E_USAGE',
    `${flag}: there is no error code ${code}; ${nearest(code, Object.keys(catalogue))}docs/errors.md lists them.`,
  );
}
