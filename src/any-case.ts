// Tables of values by name whose names are the same in any case: headers (RFC 9110 section 5.1), limits of
// hosts. They are kept in lower case.
import { z } from 'zod';

type Params = Parameters<typeof z.record>[2];

/** A record whose names are kept in lower case. Two names that differ in case alone are refused. */
export function anyCaseRecord<T extends z.ZodType>(name: z.ZodString, value: T, params?: Params) {
  return z.record(name, value, params).transform((given, context) => {
    const names = Object.keys(given).map((key) => key.toLowerCase());
    const again = names.findIndex((key, at) => names.indexOf(key) < at);
    if (again >= 0) {
      context.addIssue({
        code: 'custom',
        message: 'given twice; upper and lower case make no difference here',
        path: [Object.keys(given)[again] ?? ''],
      });
      return z.NEVER;
    }
    return Object.fromEntries(Object.entries(given).map(([key, one]) => [key.toLowerCase(), one]));
  });
}

/** A token (RFC 9110 section 5.6.2). */
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'not a header name');

const headerValue = z
  .string()
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'a header value holds Latin-1 text and no line end');

/** Headers to send, by name. */
export const headerTable = anyCaseRecord(headerName, headerValue);

/** Headers as lines such as `accept: text/html`. A name that is given twice is refused. */
export const headerLines = z
  .array(z.string().regex(/^[^:]+:/, 'expected "name: value"'))
  .transform((lines, context) => {
    const table: Record<string, string> = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).trim().toLowerCase();
      if (Object.hasOwn(table, name)) {
        context.addIssue({ code: 'custom', message: 'one header is given twice' });
        return z.NEVER;
      }
      table[name] = line.slice(colon + 1).trim();
    }
    return table;
  })
  .pipe(headerTable);
