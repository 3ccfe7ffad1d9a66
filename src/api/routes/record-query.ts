// The parameters of a query that choose records and their fields.
import { z } from 'zod';
import type { DroverError } from '../../errors.ts';
import { type Field, readFields } from '../../records/fields.ts';
import { type RecordFilter, readFilter } from '../../records/filter.ts';
import { STATUS_FORM, TYPE_FORM, URL_FORM } from '../../records/filter-forms.ts';
import { ApiProblem } from '../problem.ts';
import { codeQuery, flagQuery, sinceOf, sinceQuery } from '../shapes.ts';

const text = (longest: number, description: string) =>
  z.string().max(longest).optional().meta({ description });

export const recordQuery = {
  status: text(300, STATUS_FORM),
  code: codeQuery.meta({ description: 'an error code' }),
  ok: flagQuery.optional().meta({ description: 'whether the status is 2xx, or 304 of an unchanged page' }),
  failed: flagQuery.optional().meta({ description: 'the contrary of ok' }),
  host: text(300, 'such as example.com or example.com:8080'),
  label: text(1000, 'the label of the request'),
  type: text(1000, TYPE_FORM),
  url: text(20_000, URL_FORM),
  since: sinceQuery.meta({
    description: 'ended at or after this time (ISO 8601), or within this duration (2h, 7d)',
  }),
  fields: text(20_000, 'only these fields, with commas between them: url,status,error.code'),
};
type RecordQuery = { [Name in keyof typeof recordQuery]?: z.infer<(typeof recordQuery)[Name]> };

/** Throws E_FIELD. */
export function filterOfQuery(query: RecordQuery): RecordFilter {
  const { status, code, ok, failed, host, label, type, url, since } = query;
  if (ok !== undefined && ok === failed) {
    const field = 'query.failed';
    throw new ApiProblem('E_FIELD', `${field}: it is the contrary of ok, and both are ${ok}.`, { field });
  }
  const given = {
    ...{ status, code, host, label, type, url },
    ok: ok ?? (failed === undefined ? undefined : !failed),
    since: since === undefined ? undefined : sinceOf(since),
  };
  const wrong = (name: string, says: string): DroverError => {
    const field = `query.${name}`;
    return new ApiProblem('E_FIELD', `${field}: ${says}`, { field });
  };
  return readFilter(given, wrong);
}

/** Null for all fields. Throws E_FIELD. */
export function fieldsOfQuery({ fields }: RecordQuery): readonly Field[] | null {
  return fields === undefined ? null : readFields(fields, 'query.fields');
}
