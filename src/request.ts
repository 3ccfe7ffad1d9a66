// What one request is: the form that producers give (checked), and the compact form that the frontier keeps.
import { z } from 'zod';
import { type Failure, failure } from './errors.ts';
import { fingerprint } from './url/fingerprint.ts';

const milliseconds = z.number().int().min(1).max(2_147_483_647);

const limiterSchema = z.strictObject({
  key: z.string().regex(/^[\x21-\x7e]{1,200}$/, 'expected up to 200 printable characters without spaces'),
  concurrency: z.number().int().min(1).max(10_000).optional(),
  delayMs: milliseconds.optional(),
  max: z.number().int().min(1).max(1_000_000).optional(),
  durationMs: milliseconds.optional(),
});

/** The form that producers give. */
export const requestSchema = z.strictObject({
  url: z.string().min(1),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).optional(),
  headers: z
    .record(
      z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'not a header name'),
      z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'a header value holds Latin-1 text and no line end'),
    )
    .optional(),
  body: z.string().max(1_048_576).optional(),
  userData: z.json().optional(),
  priority: z.number().int().min(0).max(9).optional(),
  label: z.string().max(200).optional(),
  depth: z.number().int().min(0).optional(),
  limiter: limiterSchema.optional(),
  /** It is a sitemap, whose URLs become requests. `host`: the one it speaks for; `auto`: those that robots.txt names count too. */
  sitemap: z
    .strictObject({
      level: z.number().int().min(0).max(10).optional(),
      host: z.string().max(300).optional(),
      auto: z.boolean().optional(),
    })
    .optional(),
  attempts: z.number().int().min(1).max(100).optional(),
  backoff: z.strictObject({ delayMs: milliseconds.optional(), maxMs: milliseconds.optional() }).optional(),
  timeouts: z
    .strictObject({
      dns: milliseconds.optional(),
      connect: milliseconds.optional(),
      tls: milliseconds.optional(),
      send: milliseconds.optional(),
      response: milliseconds.optional(),
      read: milliseconds.optional(),
      request: milliseconds.optional(),
    })
    .optional(),
});

/** What a producer gives: `url` and, if wanted, more. Priority: 9 goes before 0 (the default) within a host. */
export type RequestInput = z.infer<typeof requestSchema>;

/** All of a request but its place (url, depth, referrer): kept as given, absent for almost every request. */
export type RequestExtras = Omit<RequestInput, 'url' | 'depth'>;

/** A request on its way: `url` is normalised. */
export interface Request {
  url: string;
  depth: number;
  referrer: string | null;
  extras: RequestExtras | null;
  /** How much of a row of numbered pages led here, in half steps (consumers/follow/follow-links.ts); absent for none. */
  chain?: number;
}

/** Checks what a producer gave. The failure names the field. */
export function parseRequest(value: unknown): { input: RequestInput } | { failure: Failure } {
  const parsed = requestSchema.safeParse(value);
  if (parsed.success) return { input: parsed.data };
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') || 'request';
  return { failure: failure('E_REQUEST_INVALID', `${field}: ${issue?.message ?? 'wrong'}.`) };
}

const US = '\x1f';

/**
 * The compact form: `ID US DEPTH US N US SUFFIX US EXTRAS US URL` with US = 0x1f, which no normalised URL and no JSON text holds. DEPTH is
 * `DEPTH~CHAIN` where there is a chain. ID is empty where it follows from the URL alone (a plain GET); the referrer is the first N characters of the URL followed by SUFFIX.
 */
export function packRequest(request: Request): string {
  const { url, depth, referrer, extras, chain } = request;
  const id = extras && (extras.method || extras.body) ? fingerprint({ url, ...extras }) : '';
  const head = `${id}${US}${chain ? `${depth}~${chain}` : depth}${US}`;
  const tail = `${US}${extras ? JSON.stringify(extras) : ''}${US}${url}`;
  if (referrer === null) return `${head}${US}${tail}`;
  let shared = 0;
  while (shared < referrer.length && url[shared] === referrer[shared]) shared++;
  return `${head}${shared}${US}${referrer.slice(shared)}${tail}`;
}

/** The inverse of packRequest. Throws on a text that packRequest did not make. */
export function unpackRequest(packed: string): Request {
  const [, depth, shared, suffix, extras, url] = packed.split(US);
  if (depth === undefined || shared === undefined || suffix === undefined || extras === undefined || !url) {
    throw new Error(`not a packed request: ${packed.slice(0, 100)}`);
  }
  const [own, chain] = depth.split('~');
  return {
    url,
    depth: Number(own),
    ...(chain ? { chain: Number(chain) } : {}),
    referrer: shared === '' ? null : url.slice(0, Number(shared)) + suffix,
    extras: extras === '' ? null : (JSON.parse(extras) as RequestExtras),
  };
}
