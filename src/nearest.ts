// Finds the name that was probably meant by a misspelt one.
import { distance } from 'fastest-levenshtein';

/** `did you mean NAME? ` with the nearest known name; '' when none is near. */
export function nearest(text: string, known: readonly string[]): string {
  const [first] = [...new Set(known)].sort((a, b) => distance(text, a) - distance(text, b));
  return first !== undefined && distance(text, first) <= 3 ? `did you mean ${first}? ` : '';
}
