// One setting's value, checked; and what is said of a setting that there is not.
import { distance } from 'fastest-levenshtein';
import { DroverError } from '../errors.ts';
import { presentNameOf, type SettingName, type Settings } from './settings.ts';
import { definitions } from './table.ts';

/** The value as the setting has it. Throws E_SETTING: it names the value's `source` and shows no secret. */
export function parseSetting<N extends SettingName>(name: N, value: unknown, source: string): Settings[N] {
  const { schema, secret } = definitions[name];
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data as Settings[N];
  const issue = parsed.error.issues[0];
  const got = secret ? '' : ` (got ${JSON.stringify(value)})`;
  // Which host it is, say; a header's name is as secret as its value.
  const within = secret ? [] : (issue?.path ?? []).filter((key) => typeof key === 'string');
  throw new DroverError(
    'E_SETTING',
    `${[source, ...within].join(', ')}: ${issue?.message ?? 'wrong value'}${got}.`,
  );
}

/**
 * E_SETTING for a name that no setting has. It says the present name of a former one, else the nearest of
 * `known`. `place` is where `key` stands.
 */
export function unknownKey(key: string, place: string, known: readonly string[]): DroverError {
  if (presentNameOf(key) !== null) return renamedSetting(key, place);
  const nearest = known.toSorted((a, b) => distance(key, a) - distance(key, b))[0];
  return new DroverError('E_SETTING', `There is no ${key} (in ${place}); did you mean ${nearest}?`);
}

/** E_SETTING for the former name of a setting, or of its variable or flag. */
export function renamedSetting(former: string, place: string): DroverError {
  return new DroverError('E_SETTING', `${former} (in ${place}) is called ${presentNameOf(former)} now.`);
}
