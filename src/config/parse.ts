// Checks the value of one setting.
import type { z } from 'zod';
import { DroverError } from '../errors.ts';
import type { SettingName, Settings } from './settings.ts';
import { definitions } from './table.ts';
import * as types from './values.ts';

const schemas = new Map<SettingName, z.ZodType>();

function schemaOf(name: SettingName): z.ZodType {
  const schema = schemas.get(name) ?? definitions[name].schema(types);
  schemas.set(name, schema);
  return schema;
}

/**
 * The value in the type of the setting. Throws E_SETTING, which names the `source` of the value and shows no
 * secret.
 */
export function parseSetting<N extends SettingName>(name: N, value: unknown, source: string): Settings[N] {
  const { secret } = definitions[name];
  const parsed = schemaOf(name).safeParse(value);
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
