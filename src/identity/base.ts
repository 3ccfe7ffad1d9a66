// The signature base of RFC 9421 section 2.5: the text that is signed, made of components of a message.
import {
  type Item,
  isInnerList,
  parseDictionary,
  serializeInnerList,
  serializeItem,
} from 'structured-headers';

/** A component identifier: a name, and parameters that say which part of it is meant. */
export interface Component {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, unknown>;
}

/** A request, or a request and its answer. */
export interface SignedMessage {
  readonly method: string;
  /** What was asked for, with scheme and host. */
  readonly url: URL;
  /** Of the request; of the answer if this is one. Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** True for an answer: components of its request are marked `req`. */
  readonly isAnswer?: boolean;
}

/** Why a base cannot be made: the component that is missing, unknown, or stands there twice. */
export class BaseError extends Error {}

/** `params`: the value of @signature-params, which is the member of Signature-Input. Throws BaseError. */
export function signatureBase(
  message: SignedMessage,
  components: readonly Component[],
  params: string,
): string {
  const lines = new Map<string, string>();
  for (const component of components) {
    const name = identifierOf(component);
    if (lines.has(name)) throw new BaseError(`${name} stands there twice`);
    lines.set(name, `${name}: ${componentValue(message, component)}`);
  }
  return [...lines.values(), `"@signature-params": ${params}`].join('\n');
}

/** `"signature-agent";key="sig1"` */
export function identifierOf({ name, parameters }: Component): string {
  return serializeItem([name, parameters as Item[1]]);
}

function componentValue(message: SignedMessage, component: Component): string {
  const { name, parameters } = component;
  const isOfRequest = parameters.get('req') === true;
  const others = [...parameters.keys()].filter((key) => key !== 'req' && key !== 'key');
  if (others.length > 0)
    throw new BaseError(`${identifierOf(component)}: drover does not know ;${others[0]}`);
  if (isOfRequest && !message.isAnswer)
    throw new BaseError(`${identifierOf(component)}: ;req belongs to answers alone`);
  if (!name.startsWith('@')) return fieldOf(message, component);
  if (message.isAnswer && !isOfRequest)
    throw new BaseError(`${identifierOf(component)}: an answer has it with ;req alone`);
  const { method, url, headers } = message;
  switch (name) {
    case '@method':
      return method;
    case '@authority':
      return authorityOf(url, message.isAnswer ? undefined : headers.host);
    case '@target-uri':
      return url.href;
    case '@scheme':
      return url.protocol.slice(0, -1);
    case '@path':
      return url.pathname;
    case '@query':
      return url.search || '?';
    case '@request-target':
      return url.pathname + url.search;
    default:
      throw new BaseError(`${name} is no component that drover knows`);
  }
}

/** RFC 9421 section 2.2.3: the host in lower case, without the port that is the scheme's own. */
export function authorityOf(url: URL, host = url.host): string {
  const own = url.protocol === 'https:' ? ':443' : ':80';
  const lower = host.trim().toLowerCase();
  return lower.endsWith(own) ? lower.slice(0, -own.length) : lower;
}

function fieldOf({ headers }: SignedMessage, component: Component): string {
  const { name, parameters } = component;
  const value = headers[name];
  if (value === undefined) throw new BaseError(`there is no header ${name}`);
  const key = parameters.get('key');
  if (key === undefined) return value.trim();
  const member = dictionaryOf(value)?.get(String(key));
  if (member === undefined) throw new BaseError(`${name} has no member ${String(key)}`);
  return isInnerList(member) ? serializeInnerList(member) : serializeItem(member as Item);
}

/** A longer field is not read: parsing takes time, and anybody may send one. */
const LONGEST_READ = 16_384;

/** The members of a structured field that is a dictionary (RFC 9651 section 3.2); null if it is none. */
export function dictionaryOf(value: string): ReturnType<typeof parseDictionary> | null {
  if (value.length > LONGEST_READ) return null;
  try {
    return parseDictionary(value);
  } catch {
    return null;
  }
}
