// Structured fields (RFC 9651 section 4.2 and 4.1), as far as HTTP message signatures use them: written from
// the RFC, apart from the library that drover signs with, so that a mistake of one is not that of the other.
export type Bare = string | number | boolean | { bytes: Buffer } | { token: string };
export type Params = [key: string, value: Bare][];
export interface Item {
  kind: 'item';
  value: Bare;
  params: Params;
}
export interface Inner {
  kind: 'list';
  items: Item[];
  params: Params;
}

export class FieldError extends Error {}

/** Parses a Dictionary. A key that comes again replaces the former one. */
export function parseDictionaryField(text: string): Map<string, Item | Inner> {
  const reader = new Reader(text.replace(/^ +| +$/g, ''));
  const members = new Map<string, Item | Inner>();
  while (!reader.isAtEnd) {
    const key = reader.key();
    const member: Item | Inner = reader.take('=')
      ? reader.itemOrList()
      : { kind: 'item', value: true, params: reader.params() };
    members.delete(key);
    members.set(key, member);
    reader.skip(/[ \t]*/y);
    if (reader.isAtEnd) return members;
    reader.expect(',');
    reader.skip(/[ \t]*/y);
    if (reader.isAtEnd) throw new FieldError('a comma at the end');
  }
  return members;
}

export function parseItemField(text: string): Item {
  const reader = new Reader(text.replace(/^ +| +$/g, ''));
  const item = reader.item();
  if (!reader.isAtEnd) throw new FieldError('more than one item');
  return item;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  expect(character: string): void {
    if (!this.take(character)) throw new FieldError(`no ${character} at ${this.#at}`);
  }

  skip(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ''] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }

  key(): string {
    const key = this.skip(/[a-z*][a-z0-9_.*-]*/y);
    if (key === '') throw new FieldError(`no key at ${this.#at}`);
    return key;
  }

  itemOrList(): Item | Inner {
    if (!this.take('(')) return this.item();
    const items: Item[] = [];
    for (;;) {
      this.skip(/ */y);
      if (this.take(')')) return { kind: 'list', items, params: this.params() };
      items.push(this.item());
      if (!/[ )]/.test(this.#text[this.#at] ?? ''))
        throw new FieldError(`an inner list is open at ${this.#at}`);
    }
  }

  item(): Item {
    return { kind: 'item', value: this.bare(), params: this.params() };
  }

  params(): Params {
    const params: Params = [];
    while (this.take(';')) {
      this.skip(/ */y);
      const key = this.key();
      const value = this.take('=') ? this.bare() : true;
      const known = params.findIndex(([name]) => name === key);
      if (known >= 0) params.splice(known, 1);
      params.push([key, value]);
    }
    return params;
  }

  bare(): Bare {
    const first = this.#text[this.#at] ?? '';
    if (first === '"') return this.string();
    if (first === ':') return this.bytes();
    if (first === '?') return this.boolean();
    if (/[-0-9]/.test(first)) return this.integer();
    const token = this.skip(/[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*/y);
    if (token === '') throw new FieldError(`nothing known at ${this.#at}`);
    return { token };
  }

  string(): string {
    const quoted = this.skip(/"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"/y);
    if (quoted === '') throw new FieldError(`a string is open at ${this.#at}`);
    return quoted.slice(1, -1).replace(/\\(["\\])/g, '$1');
  }

  bytes(): Bare {
    const text = this.skip(/:[A-Za-z0-9+/]*={0,2}:/y);
    if (text === '') throw new FieldError(`bytes are open at ${this.#at}`);
    return { bytes: Buffer.from(text.slice(1, -1), 'base64') };
  }

  boolean(): boolean {
    const text = this.skip(/\?[01]/y);
    if (text === '') throw new FieldError(`no boolean at ${this.#at}`);
    return text === '?1';
  }

  integer(): number {
    const text = this.skip(/-?[0-9]{1,15}(?![0-9.])/y);
    if (text === '') throw new FieldError(`no integer at ${this.#at}`);
    return Number(text);
  }
}

export function writeItem({ value, params }: Item): string {
  return writeBare(value) + writeParams(params);
}

export function writeInner({ items, params }: Inner): string {
  return `(${items.map(writeItem).join(' ')})${writeParams(params)}`;
}

function writeParams(params: Params): string {
  return params.map(([key, value]) => (value === true ? `;${key}` : `;${key}=${writeBare(value)}`)).join('');
}

function writeBare(value: Bare): string {
  if (typeof value === 'string') return `"${value.replace(/["\\]/g, '\\$&')}"`;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? '?1' : '?0';
  return 'bytes' in value ? `:${value.bytes.toString('base64')}:` : value.token;
}
