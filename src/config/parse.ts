// Checks the value of one setting, and says what is wrong with an unknown setting.
import { distance } from 'fastest-levenshtein';
import { DroverError } from '../errors.ts';
import { presentNameOf, type SettingName, type Settings } from './settings.ts';
import { definitions } from './table.ts';

/**
 * The value in the type of the setting. Throws E_SETTING, which names the `source` of the value and shows no
 * secret.
 */
export function parseSetting<N extends SettingName>(name: N, value: unknown, source: string): Settings[N] {
  const { schema, secret } = definitions[name];
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data as Settings[N];
  const issue = parsed.error.issues[0];
  // A flag that may be given several times has its values in a list.
  const shown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  const got = secret ? '' : ` (got ${JSON.stringify(shown)})`;
  // The part that is wrong, such as a host. Not for a secret setting: the name of a header is as secret as
  // its value.
  const within = secret ? [] : (issue?.path ?? []).filter((key) => typeof key === 'string');
  throw new DroverError(
    'E_SETTING',
    `${[source, ...within].join(', ')}: ${issue?.message ?? 'wrong value'}${got}.`,
  );
}

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
