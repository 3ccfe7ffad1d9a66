// Reads the name of an error code, and finds the name that was probably meant by a misspelt one.
import { distance } from 'fastest-levenshtein';
import { catalogue, DroverError } from '../../src/errors.ts';

/** The code, if there is such a code. Throws E_USAGE, so that a typing error is not taken for "none". */
export function readCode(code: string, flag: string): string {
  if (Object.hasOwn(catalogue, code)) return code;
  throw new DroverError(
    'E_USAGE',
    `${flag}: there is no error code ${code}; ${nearest(code, Object.keys(catalogue))}docs/errors.md lists them.`,
  );
}

/** `did you mean NAME? ` with the nearest known name; '' when none is near. */
export function nearest(text: string, known: readonly string[]): string {
  const [first] = [...new Set(known)].sort((a, b) => distance(text, a) - distance(text, b));
  return first !== undefined && distance(text, first) <= 3 ? `did you mean ${first}? ` : '';
}
