// A request: the form in which producers give it, which is checked, and the compact form in which the
// frontier keeps it.
import { z } from 'zod';
import { headerTable } from './any-case.ts';
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

/** The form in which producers give a request. */
export const requestSchema = z.strictObject({
  url: z.string().min(1),
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).optional(),
  headers: headerTable.optional(),
  body: z.string().max(1_048_576).optional(),
  userData: z.json().optional(),
  priority: z.number().int().min(0).max(9).optional(),
  label: z.string().max(200).optional(),
  depth: z.number().int().min(0).optional(),
  limiter: limiterSchema.optional(),
  /** Whose cookies, proxy and headers it has: docs/network/SESSIONS.md. */
  session: z
    .string()
    .regex(/^[A-Za-z][\w-]{0,63}$/, 'expected a letter, then letters, digits, - and _, 64 in all')
    .optional(),
  /**
   * Marks the request as a sitemap, whose URLs become requests. `host`: the host whose URLs the sitemap may
   * list. `auto`: the sitemaps that robots.txt names are read too. `level`: the number of indexes that
   * led to this one.
   */
  sitemap: z
    .strictObject({
      level: z.number().int().min(0).max(10).optional(),
      host: z.string().max(300).optional(),
      auto: z.boolean().optional(),
    })
    .optional(),
  /** A browser makes the page, see docs/network/RENDER.md. False: none does, whatever the settings say. */
  render: z.boolean().optional(),
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

/**
 * A request as a producer gives it. Only `url` is required. Within a host, requests of priority 9 come first
 * and those of priority 0 (the default) last.
 */
export type RequestInput = z.infer<typeof requestSchema>;

/**
 * The fields of a request other than url, depth and referrer, kept as given. Almost all requests have none.
 */
export type RequestExtras = Omit<RequestInput, 'url' | 'depth'> & {
  /** The seed had no scheme, and this one was assumed. No producer can give this field. */
  assumed?: 'https' | 'http';
  /**
   * Something that a page needs to be shown: 1 for what the page names, one more for what a style sheet does.
   * No producer can give this field.
   */
  requisite?: number;
  /** Only whether it answers is wanted (--check-external). No producer can give this field. */
  checkOnly?: true;
  /** Its limiter key belongs to its id (src/frontier/own-key.ts). No producer can give this field. */
  keyed?: true;
};

/** A request of a crawl. Its `url` is normalised. */
export interface Request {
  url: string;
  depth: number;
  referrer: string | null;
  extras: RequestExtras | null;
  /**
   * How many numbered pages in a row led here, in half steps (see consumers/follow/follow-links.ts). Absent
   * if none did.
   */
  chain?: number;
}

/** Checks a request that a producer gave. The failure is E_REQUEST_INVALID and names the field. */
export function parseRequest(value: unknown): { input: RequestInput } | { failure: Failure } {
  const parsed = requestSchema.safeParse(value);
  if (parsed.success) return { input: parsed.data };
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') || 'request';
  return { failure: failure('E_REQUEST_INVALID', `${field}: ${issue?.message ?? 'wrong'}.`) };
}

/** The id of a request within its crawl. */
export function idOfRequest({ url, extras }: Pick<Request, 'url' | 'extras'>): string {
  if (!extras) return fingerprint({ url });
  const { method, body, keyed, limiter } = extras;
  return fingerprint({ url, method, body, key: keyed && limiter?.key });
}

const US = '\x1f';

/**
 * The compact form of a request: `ID US DEPTH US N US SUFFIX US EXTRAS US URL`. US is the character 0x1f,
 * which occurs in no normalised URL and in no JSON text. DEPTH is `DEPTH~CHAIN` if there is a chain. ID is
 * empty if it follows from the URL alone, as for a plain GET. The referrer is the first N characters of the
 * URL, followed by SUFFIX.
 */
export function packRequest(request: Request): string {
  const { url, depth, referrer, extras, chain } = request;
  const id = extras && (extras.method || extras.body || extras.keyed) ? idOfRequest(request) : '';
  const head = `${id}${US}${chain ? `${depth}~${chain}` : depth}${US}`;
  const tail = `${US}${extras ? JSON.stringify(extras) : ''}${US}${url}`;
  if (referrer === null) return `${head}${US}${tail}`;
  let shared = 0;
  while (shared < referrer.length && url[shared] === referrer[shared]) shared++;
  return `${head}${shared}${US}${referrer.slice(shared)}${tail}`;
}

/** Reads what packRequest wrote. Throws an Error for any other text. */
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
