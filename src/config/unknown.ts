// Says what is wrong with a name that no setting has.
import { distance } from 'fastest-levenshtein';
import { DroverError } from '../errors.ts';
import { presentNameOf } from './settings.ts';

/**
 * E_SETTING for a name that no setting has. It gives the present name of a former one, or else the nearest of
 * `known`. `place` is where `key` stands.
 */
export function unknownKey(key: string, place: string, known: readonly string[]): DroverError {
  if (presentNameOf(key) !== null) return renamedSetting(key, place);
  const nearest = known.toSorted((a, b) => distance(key, a) - distance(key, b))[0];
  return new DroverError('E_SETTING', `There is no ${key} (in ${place}); did you mean ${nearest}?`);
}

/** E_SETTING for the former name of a setting, of its variable or of its flag. */
export function renamedSetting(former: string, place: string): DroverError {
  return new DroverError('E_SETTING', `${former} (in ${place}) is called ${presentNameOf(former)} now.`);
}
