// A server's side of Web Bot Auth, written from draft-ietf-webbotauth-httpsig-protocol-01 and RFC 9421: it
// shares no line with what drover signs with. It takes a request as it came over the wire.
import { constants, createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import {
  FieldError,
  type Inner,
  type Item,
  type Params,
  parseDictionaryField,
  parseItemField,
  writeInner,
  writeItem,
} from './fields.ts';

export interface ReceivedRequest {
  method: string;
  /** The target in the request line. */
  path: string;
  scheme: 'http' | 'https';
  /** Names in lower case. */
  headers: Record<string, string | string[] | undefined>;
}

/** Keys by their keyid. */
export type KeyRing = Record<string, JsonWebKey>;

export interface Accepted {
  keyid: string;
  agent: string;
  nonce: string | null;
  covered: string[];
  created: number;
  expires: number;
}

export type Refused = { refused: string };

export interface VerifierOptions {
  form?: 'dictionary' | 'string';
  /** Unix seconds. */
  now?: () => number;
  /** How long a signature may hold: a day by the draft. */
  longestSeconds?: number;
}

/** One server. It remembers the nonces that it has seen. */
export class BotVerifier {
  readonly #keys: KeyRing;
  readonly #options: Required<VerifierOptions>;
  readonly #nonces = new Set<string>();

  constructor(keys: KeyRing, options: VerifierOptions = {}) {
    this.#keys = keys;
    this.#options = { form: 'dictionary', now: () => Date.now() / 1000, longestSeconds: 86_400, ...options };
  }

  check(request: ReceivedRequest): Accepted | Refused {
    try {
      return this.#check(request);
    } catch (error) {
      if (error instanceof FieldError) return { refused: `unreadable: ${error.message}` };
      throw error;
    }
  }

  #check(request: ReceivedRequest): Accepted | Refused {
    if (request.scheme !== 'https') return { refused: 'signed over http' };
    const inputs = parseDictionaryField(fieldOf(request, 'signature-input'));
    const signatures = parseDictionaryField(fieldOf(request, 'signature'));
    const tagged = [...inputs].filter(([, { params }]) => param(params, 'tag') === 'web-bot-auth');
    if (tagged.length !== 1) return { refused: `${tagged.length} signatures of bots` };
    const [label, input] = tagged[0] as [string, Item | Inner];
    const signature = signatures.get(label);
    if (input.kind !== 'list' || signature?.kind !== 'item') return { refused: 'labels do not match' };
    if (typeof signature.value !== 'object' || !('bytes' in signature.value)) return { refused: 'no bytes' };

    const names = input.items.map(writeItem);
    if (new Set(names).size < names.length) return { refused: 'a component twice' };
    if (!names.includes('"@authority"') && !names.includes('"@target-uri"'))
      return { refused: 'no authority' };
    const agent = this.#agentOf(fieldOf(request, 'signature-agent'), label, names);
    if (agent === null) return { refused: 'Signature-Agent' };

    const numberOf = (name: string) => {
      const value = param(input.params, name);
      if (typeof value !== 'number') throw new FieldError(`no ${name}`);
      return value;
    };
    const [created, expires, now] = [numberOf('created'), numberOf('expires'), this.#options.now()];
    if (created > now + 5) return { refused: 'made in the future' };
    if (expires <= now) return { refused: 'expired' };
    if (expires - created > this.#options.longestSeconds) return { refused: 'valid for too long' };
    const keyid = String(param(input.params, 'keyid'));
    const key = this.#keys[keyid];
    if (!key) return { refused: 'unknown key' };
    if (!hasSigned(key, baseOf(request, input), signature.value.bytes)) return { refused: 'signature' };
    const nonce = param(input.params, 'nonce');
    if (typeof nonce === 'string' && this.#nonces.has(nonce)) return { refused: 'replayed' };
    if (typeof nonce === 'string') this.#nonces.add(nonce);
    return {
      keyid,
      agent,
      nonce: typeof nonce === 'string' ? nonce : null,
      covered: names,
      created,
      expires,
    };
  }

  /**
   * Of the present draft: the member has the key of the signature's label, is a String without parameters
   * that names an https URL, and is covered by that key.
   */
  #agentOf(field: string, label: string, names: readonly string[]): string | null {
    const isString = this.#options.form === 'string';
    const item = isString ? parseItemField(field) : parseDictionaryField(field).get(label);
    const covered = isString ? '"signature-agent"' : `"signature-agent";key="${label}"`;
    if (item?.kind !== 'item' || item.params.length > 0 || typeof item.value !== 'string') return null;
    return names.includes(covered) && item.value.startsWith('https://') ? item.value : null;
  }
}

/** RFC 9421 section 2.5. */
export function baseOf(request: ReceivedRequest, input: Inner): string {
  const lines = input.items.map((item) => `${writeItem(item)}: ${componentOf(request, item)}`);
  return [...lines, `"@signature-params": ${writeInner(input)}`].join('\n');
}

function componentOf(request: ReceivedRequest, item: Item): string {
  const name = String(item.value);
  const authority = fieldOf(request, 'host')
    .toLowerCase()
    .replace(request.scheme === 'https' ? /:443$/ : /:80$/, '');
  const question = request.path.indexOf('?');
  switch (name) {
    case '@method':
      return request.method;
    case '@authority':
      return authority;
    case '@path':
      return question < 0 ? request.path : request.path.slice(0, question);
    case '@query':
      return question < 0 ? '?' : request.path.slice(question);
    case '@target-uri':
      return `${request.scheme}://${authority}${request.path}`;
    case 'signature-agent': {
      const key = param(item.params, 'key');
      const field = fieldOf(request, name);
      if (key === undefined) return field;
      const member = parseDictionaryField(field).get(String(key));
      if (member?.kind !== 'item') throw new FieldError(`no member ${String(key)}`);
      return writeItem(member);
    }
    default:
      if (name.startsWith('@') || item.params.length > 0) throw new FieldError(`component ${name}`);
      return fieldOf(request, name);
  }
}

function fieldOf({ headers }: ReceivedRequest, name: string): string {
  const value = headers[name];
  if (value === undefined) throw new FieldError(`no ${name}`);
  return (Array.isArray(value) ? value : [value]).map((line) => line.trim()).join(', ');
}

function param(params: Params, name: string) {
  return params.find(([key]) => key === name)?.[1];
}

export function hasSigned(jwk: JsonWebKey, base: string, signature: Buffer): boolean {
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const bytes = Buffer.from(base, 'ascii');
  if (jwk.kty === 'OKP') return verify(null, bytes, key, signature);
  return verify(
    'sha512',
    bytes,
    { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 },
    signature,
  );
}
