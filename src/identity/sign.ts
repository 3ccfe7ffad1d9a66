// Signs requests for Web Bot Auth (draft-ietf-webbotauth-httpsig-protocol-01) by RFC 9421: the three fields
// that go with one request, and with no other.
import { type KeyObject, randomBytes } from 'node:crypto';
import { serializeByteSequence, serializeInnerList, serializeString } from 'structured-headers';
import { type Component, type SignedMessage, signatureBase } from './base.ts';
import { signBytes } from './keys.ts';
import type { SignatureProfile } from './signs-as.ts';

/** The tag of a signature that says who a bot is. */
export const BOT_TAG = 'web-bot-auth';
const LABEL = 'sig1';
/**
 * A signature holds for this time. It is made before the connection is, which may take half of it; longer
 * ones could be used again by who has seen them.
 */
export const VALID_SECONDS = 60;
/** Other uses of a signature than for this very request are ruled out, as far as that goes without a body. */
const COVERED: readonly string[] = ['@method', '@authority', '@path', '@query'];
const NONCE_BYTES = 32;

/** A key, and whose it is. */
export interface SigningKey {
  readonly keyid: string;
  readonly key: KeyObject;
  /** The https URL of the directory that holds the public key. */
  readonly agent: string;
}

/** What else can be said of a signature. Times are Unix seconds. */
export interface SignatureChoices {
  readonly profile: SignatureProfile;
  readonly label: string;
  /** The key of the member of Signature-Agent: `label` by the present draft. */
  readonly agentKey: string;
  /** The components before signature-agent. */
  readonly covered: readonly string[];
  readonly created: number;
  readonly expires: number;
  readonly nonce: string;
}

export type SignatureFields = Record<'signature-agent' | 'signature-input' | 'signature', string>;

const NONE: ReadonlyMap<string, unknown> = new Map();

/** The fields of a signature over the message, which is signed now unless `choices` say otherwise. */
export function signatureFields(
  message: SignedMessage,
  { keyid, key, agent }: SigningKey,
  choices: Partial<SignatureChoices> = {},
): SignatureFields {
  const { profile = 'draft-01', label = LABEL, covered = COVERED } = choices;
  const { created = Math.floor(Date.now() / 1000), expires = created + VALID_SECONDS } = choices;
  const { agentKey = label, nonce = randomBytes(NONCE_BYTES).toString('base64') } = choices;
  const value = serializeString(agent);
  const isString = profile === 'string';
  const signatureAgent = isString ? value : `${agentKey}=${value}`;
  const components: Component[] = [
    ...covered.map((name) => ({ name, parameters: NONE })),
    { name: 'signature-agent', parameters: isString ? NONE : new Map([['key', agentKey]]) },
  ];
  const params = new Map<string, string | number>([
    ['created', created],
    ['keyid', keyid],
    ['alg', 'ed25519'],
    ['expires', expires],
    ['nonce', nonce],
    ['tag', BOT_TAG],
  ]);
  const input = inputOf(components, params);
  const headers = { ...message.headers, 'signature-agent': signatureAgent };
  const signature = signBytes(key, signatureBase({ ...message, headers }, components, input));
  return {
    'signature-agent': signatureAgent,
    'signature-input': `${label}=${input}`,
    signature: `${label}=${serializeByteSequence(signature)}`,
  };
}

/** The member of Signature-Input, which is the value of @signature-params too. */
export function inputOf(
  components: readonly Component[],
  params: ReadonlyMap<string, string | number>,
): string {
  const items = components.map(({ name, parameters }) => [name, new Map(parameters)] as const);
  return serializeInnerList([items, params] as never);
}
