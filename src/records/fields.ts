// --fields: which fields of a record are wanted. A field is a path: status, error.code, userData.sku.
import { DroverError } from '../errors.ts';
import type { CrawlRecord } from '../record.ts';

/** What a field holds. `json`: objects, lists, and whatever users or sites put there. */
export type FieldType = 'text' | 'integer' | 'number' | 'boolean' | 'time' | 'texts' | 'json';

export interface Field {
  /** The path as given: the name of its column. */
  readonly name: string;
  /** The names of the objects that hold it, and its own. */
  readonly path: readonly string[];
  readonly type: FieldType;
  /** The value in a record; null or undefined when there is none. */
  of(record: CrawlRecord): unknown;
}

/** Every field of a record and, for objects of a known shape, their fields. */
const types: Record<keyof CrawlRecord, FieldType | Record<string, FieldType>> = {
  id: 'text',
  crawl: 'text',
  url: 'text',
  finalUrl: 'text',
  method: 'text',
  status: 'integer',
  ok: 'boolean',
  error: { code: 'text', layer: 'text', message: 'text' },
  attempts: 'integer',
  depth: 'integer',
  referrer: 'text',
  label: 'text',
  userData: 'json',
  fetchedAt: 'time',
  timings: {
    ...{ queue: 'number', slot: 'number', dns: 'number', connect: 'number' },
    ...{ tls: 'number', firstByte: 'number', download: 'number', total: 'number' },
  },
  headers: 'json',
  contentType: 'text',
  charset: 'text',
  bytes: 'integer',
  sha256: 'text',
  title: 'text',
  links: 'texts',
  noindex: 'boolean',
  usage: { reserves: 'texts', allows: 'texts', statements: 'json', leftOut: 'integer' },
  items: 'json',
  redirects: 'json',
  unchanged: { crawl: 'text', id: 'text' },
  revisitMs: 'integer',
  proxy: 'text',
  http: 'text',
  rendered: {
    ...{ ms: 'integer', requests: 'integer', cached: 'integer', blocked: 'integer', bytes: 'integer' },
    ...{ refused: 'json', late: 'texts', leftOut: 'integer', wentTo: 'text', screenshot: 'text' },
  },
  session: 'text',
  body: 'text',
};

/** Most fields in one list. */
const MOST_FIELDS = 1000;

/** The fields of every record; with `isDeep`, those of objects of known shape one by one: `error.code`. */
export function everyField({ isDeep }: { isDeep: boolean }): Field[] {
  return Object.entries(types).flatMap(([name, type]) =>
    typeof type === 'string' || !isDeep
      ? [fieldOf(name)]
      : Object.keys(type).map((inner) => fieldOf(`${name}.${inner}`)),
  );
}

/**
 * Reads a list of paths with commas between them. What follows `headers.` is the name of a header, dots and
 * all. Throws E_USAGE, or E_FIELD of `query.fields`, for a field that no record has and for one that is
 * given twice.
 */
export function readFields(text: string, from: '--fields' | 'query.fields'): Field[] {
  const names = text.split(',').map((name) => name.trim());
  const wrong = (says: string) =>
    new DroverError(from === '--fields' ? 'E_USAGE' : 'E_FIELD', `${from}: ${says}`, { field: from });
  if (names.length > MOST_FIELDS) throw wrong(`at most ${MOST_FIELDS} fields.`);
  const known = new Set<string>();
  for (const name of names) {
    if (!isKnown(name)) throw wrong(`there is no field ${JSON.stringify(name)}; ${knownNear(name)}.`);
    if (known.has(name)) throw wrong(`${name} is given twice.`);
    known.add(name);
  }
  for (const name of names)
    for (let dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1))
      if (known.has(name.slice(0, dot))) throw wrong(`${name.slice(0, dot)} holds ${name} already.`);
  return names.map(fieldOf);
}

/** The fields of a record in an object of the record's shape, as `results --fields` prints it. */
export function pick(record: CrawlRecord, fields: readonly Field[]): object {
  const picked: Record<string, unknown> = {};
  for (const { path, of } of fields) {
    let at = picked;
    for (const step of path.slice(0, -1)) at = own(at, step);
    Object.defineProperty(at, path.at(-1) as string, { value: of(record) ?? null, enumerable: true });
  }
  return picked;
}

/** The object within `at` of that name, made if it is not there. */
function own(at: Record<string, unknown>, name: string): Record<string, unknown> {
  if (!Object.hasOwn(at, name)) Object.defineProperty(at, name, { value: {}, enumerable: true });
  return at[name] as Record<string, unknown>;
}

function isKnown(name: string): boolean {
  const [first = '', second, ...more] = name.split('.');
  if (!Object.hasOwn(types, first) || second === '' || more.includes('')) return false;
  const type = types[first as keyof CrawlRecord];
  if (second === undefined || type === 'json') return true;
  if (typeof type === 'string' || !Object.hasOwn(type, second)) return false;
  return more.length === 0 || type[second] === 'json';
}

function knownNear(name: string): string {
  const type = types[name.split('.')[0] as keyof CrawlRecord];
  if (typeof type === 'object') return `it has ${Object.keys(type).join(', ')}`;
  return `a record has ${Object.keys(types).join(', ')}, and fields such as error.code or userData.sku within them`;
}

function fieldOf(name: string): Field {
  const [first = '', ...rest] = name.split('.');
  const inner = first === 'headers' && rest.length > 0 ? [rest.join('.').toLowerCase()] : rest;
  return {
    name,
    path: [first, ...inner],
    type: typeOf(first as keyof CrawlRecord, inner),
    of: (record) => {
      let value: unknown = record[first as keyof CrawlRecord];
      for (const step of inner) {
        if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return null;
        value = (value as Record<string, unknown>)[step];
      }
      return value;
    },
  };
}

function typeOf(first: keyof CrawlRecord, [second, ...more]: readonly string[]): FieldType {
  const type = types[first];
  if (first === 'headers' && second !== undefined) return 'text';
  if (second === undefined) return typeof type === 'string' ? type : 'json';
  return typeof type === 'string' || more.length > 0 ? 'json' : (type[second] ?? 'json');
}
