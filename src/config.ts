// Every setting: one table that the flags, the DROVER_* variables, drover.config and docs/settings.md follow.
// The only place that reads process.env.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { distance } from 'fastest-levenshtein';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { DroverError } from './errors.ts';

/** From a flag or variable in digits alone: coercion would take '' and null as 0, true as 1. */
const wholeNumber = (least: number, most = Number.MAX_SAFE_INTEGER) =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^\d+$/.test(value.trim()) ? Number(value) : value),
    z
      .number({ error: ({ code }) => (code === 'invalid_type' ? 'expected a whole number' : undefined) })
      .int()
      .min(least)
      .max(most),
  );

/** "500", "500ms", "2s", "5m", "24h", "30d" or a number of milliseconds. */
const anyDuration = z.union([z.number(), z.string()]).transform((value, context) => {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?$/.exec(String(value).trim());
  if (!match) {
    context.addIssue({ code: 'custom', message: 'expected a duration such as 500ms, 2s or 5m' });
    return z.NEVER;
  }
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] ?? 'ms'] ?? 1;
  return Math.round(Number(match[1]) * unit);
});

/** What a timer of Node's can wait for. */
const duration = anyDuration.pipe(z.number().min(0).max(2_147_483_647));

/** "10485760", "10MiB", "512kB": bytes. */
const byteSize = z
  .union([z.number(), z.string()])
  .transform((value, context) => {
    const match = /^(\d+(?:\.\d+)?)\s*([kmg]i?)?b?$/i.exec(String(value).trim());
    const factor = { k: 1e3, ki: 1024, m: 1e6, mi: 1024 ** 2, g: 1e9, gi: 1024 ** 3 }[
      match?.[2]?.toLowerCase() ?? ''
    ];
    if (!match) {
      context.addIssue({ code: 'custom', message: 'expected a size such as 10485760 or 10MiB' });
      return z.NEVER;
    }
    return Math.round(Number(match[1]) * (factor ?? 1));
  })
  .pipe(z.number().min(1));

const flag = z.preprocess(
  (value) => (value === '1' || value === 'true' ? true : value === '0' || value === 'false' ? false : value),
  z.boolean(),
);

/** A list; from a variable, separated by commas or white space. */
const list = <T extends z.ZodType>(item: T) =>
  z.preprocess((value) => (typeof value === 'string' ? itemsOf(value) : value), z.array(item));

/** The same of items that hold no commas: so they may be separated by them in a flag too. */
const plainList = <T extends z.ZodType>(item: T) =>
  z.preprocess((value) => {
    const parts = typeof value === 'string' ? [value] : value;
    return Array.isArray(parts)
      ? parts.flatMap((part) => (typeof part === 'string' ? itemsOf(part) : [part]))
      : parts;
  }, z.array(item));

function itemsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

const headers = z.preprocess(
  (value) => {
    if (typeof value === 'string') return headerLines([value]);
    return Array.isArray(value) ? headerLines(value) : value;
  },
  z.record(
    z.string().regex(/^[!#$%&'*+.^_`|~0-9a-z-]+$/, 'not a header name'),
    z.string().regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'a header value holds Latin-1 text and no line end'),
    { error: ({ code }) => (code === 'invalid_key' ? 'expected "name: value"' : undefined) },
  ),
);

function headerLines(lines: unknown[]): Record<string, string> {
  const entries = lines.map((line) => {
    const text = String(line);
    const colon = text.indexOf(':');
    return colon < 1
      ? [`${text} (without a colon)`, '']
      : [text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()];
  });
  return Object.fromEntries(entries);
}

const pattern = z.string().min(1);

/** `example.com`, `*.example.com`, `*`, each perhaps with a port; as limiter keys are spelled. */
const hostPattern = z.string().regex(/^(\*|(\*\.)?[a-z0-9_.-]+|\[[0-9a-f:.]+\])(:\d+)?$/);

/** What a host may be asked for; `max` starts in `durationMs` is a rate. */
const hostLimits = z
  .strictObject({
    delay: duration.optional(),
    concurrency: wholeNumber(1, 10_000).optional(),
    max: wholeNumber(1, 1_000_000).optional(),
    durationMs: duration.pipe(z.number().min(1)).optional(),
  })
  .refine(({ max, durationMs }) => (max === undefined) === (durationMs === undefined), {
    error: 'max and durationMs go together: so many starts in that time',
  });

export type HostLimits = z.infer<typeof hostLimits>;

/** From a variable, as JSON. */
const hostTable = z.preprocess(
  (value, context) => {
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value);
    } catch (error) {
      context.addIssue({ code: 'custom', message: `expected JSON: ${(error as Error).message}` });
      return z.NEVER;
    }
  },
  z.record(hostPattern, hostLimits, {
    error: ({ code }) =>
      code === 'invalid_key'
        ? 'expected a host such as example.com, *.example.com or 10.0.0.7:8080, in lower case'
        : undefined,
  }),
);

/** A bearer token of the API: `ro:` before it lets it only read. */
const apiToken = z
  .string()
  .regex(
    /^(ro:)?[\x21-\x2b\x2d-\x7e]{16,256}$/,
    'expected 16 to 256 printable characters without commas, ro: before it for read-only',
  );

/** Where something was said, it must be a token: nobody means by it that there is none. */
const apiTokens = z.preprocess(
  (value) => (typeof value === 'string' && itemsOf(value).length === 0 ? ['none'] : value),
  list(apiToken).refine(
    (tokens) => new Set(tokens.map((token) => token.replace(/^ro:/, ''))).size === tokens.length,
    'the same token stands there twice',
  ),
);

const webUrl = z.string().regex(/^https?:\/\/[^\s/]+/i, 'expected an http:// or https:// URL');

const statusCode = wholeNumber(100, 599);
const cidr = z.string().refine((text) => isCidr(text), 'expected an address range such as 10.0.0.0/8');

function isCidr(text: string): boolean {
  if (ipaddr.isValid(text)) return true;
  try {
    ipaddr.parseCIDR(text);
    return true;
  } catch {
    return false;
  }
}

interface Definition<T> {
  /** 'crawl': kept with the crawl in Redis and followed by the whole fleet; 'process': of this command alone. */
  readonly of: 'crawl' | 'process';
  /** In commander's notation; without one, the setting has only a variable and a config key. */
  readonly flags?: string;
  readonly help: string;
  readonly schema: z.ZodType<T>;
  readonly default: T;
  /** A flag that may be given more than once. */
  readonly many?: boolean;
}

const define = <T>(definition: Definition<T>): Definition<T> => definition;

export const definitions = {
  depth: define<number | null>({
    of: 'crawl',
    flags: '-d, --depth <n>',
    help: 'follow links this deep; 0 fetches the seeds alone; unlimited if not given',
    schema: wholeNumber(0, 1_000_000).nullable(),
    default: null,
  }),
  limit: define<number | null>({
    of: 'crawl',
    flags: '--limit <n>',
    help: 'accept at most this many requests, seeds included',
    schema: wholeNumber(1).nullable(),
    default: null,
  }),
  scope: define<'host' | 'domain' | 'origin' | 'any'>({
    of: 'crawl',
    flags: '--scope <host|domain|origin|any>',
    help: 'which links to follow, seen from the page they stand on',
    schema: z.enum(['host', 'domain', 'origin', 'any']),
    default: 'host',
  }),
  include: define<string[]>({
    of: 'crawl',
    flags: '--include <pattern>',
    help: 'follow only links that match one of these, each a glob or a /regex/ on the whole URL',
    schema: list(pattern),
    default: [],
    many: true,
  }),
  exclude: define<string[]>({
    of: 'crawl',
    flags: '--exclude <pattern>',
    help: 'do not follow links that match one of these',
    schema: list(pattern),
    default: [],
    many: true,
  }),
  perHost: define<number>({
    of: 'crawl',
    flags: '--per-host <n>',
    help: 'fetches in flight at one host, over the whole fleet',
    schema: wholeNumber(1, 10_000),
    default: 2,
  }),
  delay: define<number>({
    of: 'crawl',
    flags: '--delay <duration>',
    help: 'least time from one start to the next at one host, over the whole fleet: 500ms, 2s',
    schema: duration,
    default: 0,
  }),
  hosts: define<Record<string, HostLimits>>({
    of: 'crawl',
    help: 'limits by host: {"*.example.com": {"delay": "2s", "concurrency": 1, "max": 100, "durationMs": "1m"}}; the most exact pattern counts',
    schema: hostTable,
    default: {},
  }),
  perServer: define<number | null>({
    of: 'crawl',
    flags: '--per-server <n>',
    help: 'fetches in flight at one server, all its host names together (--server-by)',
    schema: wholeNumber(1, 10_000).nullable(),
    default: null,
  }),
  serverBy: define<'domain' | 'address'>({
    of: 'crawl',
    flags: '--server-by <domain|address>',
    help: 'what makes names one server: the same registrable domain, or the same address',
    schema: z.enum(['domain', 'address']),
    default: 'domain',
  }),
  adaptive: define<boolean>({
    of: 'crawl',
    flags: '--no-adaptive',
    help: 'do not ask a host less when it gets slower or fails (within the limits, it is asked less by default)',
    schema: flag,
    default: true,
  }),
  maxCrawlDelay: define<number>({
    of: 'crawl',
    flags: '--max-crawl-delay <duration>',
    help: 'longest Crawl-delay of a robots.txt that is obeyed; longer ones count as this',
    schema: duration,
    default: 60_000,
  }),
  maxFrontier: define<number>({
    of: 'crawl',
    flags: '--max-frontier <n>',
    help: 'requests waiting in the crawl at which producers are held back until there are fewer',
    schema: wholeNumber(1),
    default: 10_000_000,
  }),
  sitemap: define<string[]>({
    of: 'crawl',
    flags: '--sitemap <url|auto>',
    help: 'take seeds from this sitemap; auto: from those that robots.txt names and /sitemap.xml, of the host of each seed',
    schema: list(z.string().regex(/^(auto$|https?:\/\/)/i, 'expected auto or the URL of a sitemap')),
    default: [],
    many: true,
  }),
  maxPerHost: define<number | null>({
    of: 'crawl',
    flags: '--max-per-host <n>',
    help: 'accept at most this many requests of one host',
    schema: wholeNumber(1).nullable(),
    default: null,
  }),
  maxPathRepeats: define<number>({
    of: 'crawl',
    flags: '--max-path-repeats <n>',
    help: 'do not follow links in whose path one segment stands more often: /a/b/a/b/a/b/a',
    schema: wholeNumber(1, 1000),
    default: 3,
  }),
  maxChain: define<number>({
    of: 'crawl',
    flags: '--max-chain <n>',
    help: 'do not follow links at the end of so long a row of numbered pages, or of hosts, as in an endless calendar',
    schema: wholeNumber(1, 1_000_000),
    default: 500,
  }),
  keepSessionIds: define<boolean>({
    of: 'crawl',
    flags: '--keep-session-ids',
    help: 'leave session identifiers (jsessionid, PHPSESSID, sid=…) in links',
    schema: flag,
    default: false,
  }),
  attempts: define<number>({
    of: 'crawl',
    flags: '--attempts <n>',
    help: 'attempts before a request is a dead letter',
    schema: wholeNumber(1, 100),
    default: 4,
  }),
  backoff: define<number>({
    of: 'crawl',
    flags: '--backoff <duration>',
    help: 'wait before the second attempt; doubled for each further one, with jitter',
    schema: duration,
    default: 1000,
  }),
  maxBackoff: define<number>({
    of: 'crawl',
    flags: '--max-backoff <duration>',
    help: 'longest wait between two attempts',
    schema: duration,
    default: 300_000,
  }),
  maxPostponed: define<number>({
    of: 'crawl',
    flags: '--max-postponed <duration>',
    help: 'how long a request may be postponed by 429 and 503 before it is a dead letter',
    schema: duration,
    default: 3_600_000,
  }),
  maxPause: define<number>({
    of: 'crawl',
    flags: '--max-pause <duration>',
    help: 'longest pause of a host that one Retry-After can ask for',
    schema: duration,
    default: 300_000,
  }),
  deadOn: define<number[]>({
    of: 'crawl',
    flags: '--dead-on <status>',
    help: 'statuses that are dead letters rather than records, such as 403',
    schema: plainList(statusCode),
    default: [],
    many: true,
  }),
  ignoreRobots: define<boolean>({
    of: 'crawl',
    flags: '--ignore-robots',
    help: 'do not ask robots.txt (for hosts that are yours), but for its sitemaps with --sitemap auto',
    schema: flag,
    default: false,
  }),
  allowPrivate: define<string[]>({
    of: 'crawl',
    flags: '--allow-private <cidr>',
    help: 'private or special addresses that may be fetched; the seeds allow their own host and port',
    schema: plainList(cidr),
    default: [],
    many: true,
  }),
  userAgent: define<string>({
    of: 'crawl',
    flags: '--user-agent <text>',
    help: 'the User-Agent header',
    schema: z.string().regex(/^[\x20-\x7e]+$/, 'expected printable ASCII'),
    default: 'drover/0.1 (+https://www.npmjs.com/package/drover)',
  }),
  header: define<Record<string, string>>({
    of: 'crawl',
    flags: '--header <"name: value">',
    help: 'a header of every request; sent to the hosts of the crawl, not to other origins after a redirect',
    schema: headers,
    default: {},
    many: true,
  }),
  timeoutDns: define<number>({
    of: 'crawl',
    flags: '--timeout-dns <ms>',
    help: 'limit of the name look-up',
    schema: duration.pipe(z.number().min(1)),
    default: 5000,
  }),
  timeoutConnect: define<number>({
    of: 'crawl',
    flags: '--timeout-connect <ms>',
    help: 'limit of the TCP connect, after the look-up',
    schema: duration.pipe(z.number().min(1)),
    default: 10_000,
  }),
  timeoutTls: define<number>({
    of: 'crawl',
    flags: '--timeout-tls <ms>',
    help: 'limit of the TLS handshake',
    schema: duration.pipe(z.number().min(1)),
    default: 10_000,
  }),
  timeoutSend: define<number>({
    of: 'crawl',
    flags: '--timeout-send <ms>',
    help: 'limit of sending the request',
    schema: duration.pipe(z.number().min(1)),
    default: 30_000,
  }),
  timeoutResponse: define<number>({
    of: 'crawl',
    flags: '--timeout-response <ms>',
    help: 'limit from the request sent to the header received',
    schema: duration.pipe(z.number().min(1)),
    default: 30_000,
  }),
  timeoutRead: define<number>({
    of: 'crawl',
    flags: '--timeout-read <ms>',
    help: 'limit between two pieces of the body',
    schema: duration.pipe(z.number().min(1)),
    default: 30_000,
  }),
  timeoutRequest: define<number>({
    of: 'crawl',
    flags: '--timeout-request <ms>',
    help: 'limit of the whole request, redirects included',
    schema: duration.pipe(z.number().min(1)),
    default: 120_000,
  }),
  maxBytes: define<number>({
    of: 'crawl',
    flags: '--max-bytes <size>',
    help: 'largest decoded body',
    schema: byteSize,
    default: 10 * 1024 * 1024,
  }),
  maxRedirects: define<number>({
    of: 'crawl',
    flags: '--max-redirects <n>',
    help: 'redirects followed for one request',
    schema: wholeNumber(0, 50),
    default: 10,
  }),
  maxUrlLength: define<number>({
    of: 'crawl',
    flags: '--max-url-length <n>',
    help: 'longer URLs are not accepted',
    schema: wholeNumber(16, 65_536),
    default: 8000,
  }),
  stripParams: define<string[]>({
    of: 'crawl',
    flags: '--strip-params <name>',
    help: 'query parameters to remove from every URL, * at the end as wildcard: utm_*',
    schema: list(pattern),
    default: [],
    many: true,
  }),
  body: define<'text' | 'base64' | 'none'>({
    of: 'crawl',
    flags: '--body <text|base64|none>',
    help: 'how records keep the body',
    schema: z.enum(['text', 'base64', 'none']),
    default: 'text',
  }),
  webhook: define<string | null>({
    of: 'crawl',
    flags: '--webhook <url>',
    help: 'where to POST, signed, when the crawl has finished (DROVER_WEBHOOK_SECRET)',
    schema: webUrl.nullable(),
    default: null,
  }),
  webhookDead: define<number | null>({
    of: 'crawl',
    flags: '--webhook-dead <n>',
    help: 'tell the webhook too when the crawl has so many dead letters',
    schema: wholeNumber(1).nullable(),
    default: null,
  }),

  concurrency: define<number>({
    of: 'process',
    flags: '-c, --concurrency <n>',
    help: 'fetches in flight in one consumer process; its connection pool has the same size',
    schema: wholeNumber(1, 10_000),
    default: 50,
  }),
  dataDir: define<string>({
    of: 'process',
    flags: '--data-dir <path>',
    help: 'where records, the embedded Redis and logs lie',
    schema: z.string().min(1),
    default: '.drover',
  }),
  redisUrl: define<string | null>({
    of: 'process',
    flags: '--redis <url>',
    help: 'a Redis of yours instead of the embedded one (also REDIS_URL)',
    schema: z
      .string()
      .regex(/^(rediss?|unix):/, 'expected redis://, rediss:// or unix:')
      .nullable(),
    default: null,
  }),
  namespace: define<string>({
    of: 'process',
    flags: '--namespace <name>',
    help: 'namespace of all keys in Redis, for several fleets on one server',
    schema: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected letters, digits, dots, dashes'),
    default: 'drover',
  }),
  dnsServers: define<string[]>({
    of: 'process',
    flags: '--dns-server <address>',
    help: 'name servers to ask instead of those of the system: 9.9.9.9, 127.0.0.1:5353',
    schema: plainList(z.string().min(1)),
    default: [],
    many: true,
  }),
  lockDuration: define<number>({
    of: 'process',
    help: 'how long a silent consumer keeps its jobs before another takes them',
    schema: duration.pipe(z.number().min(1000)),
    default: 8000,
  }),
  grace: define<number>({
    of: 'process',
    flags: '--grace <duration>',
    help: 'how long a stopping consumer, or server, waits for what is in flight',
    schema: duration,
    default: 30_000,
  }),
  autoReplay: define<number>({
    of: 'process',
    flags: '--auto-replay <duration>',
    help: 'try one dead letter of each host that was down again so often, and the rest when it comes through; 0: never',
    schema: duration,
    default: 0,
  }),
  keepDead: define<number | null>({
    of: 'process',
    flags: '--keep-dead <duration>',
    help: 'export and purge dead letters that are older; for ever if not given',
    schema: anyDuration.pipe(z.number().min(1000)).nullable(),
    default: null,
  }),
  keepDeadCount: define<number | null>({
    of: 'process',
    flags: '--keep-dead-count <n>',
    help: 'export and purge the oldest dead letters beyond so many',
    schema: wholeNumber(0).nullable(),
    default: null,
  }),
  purgeUnexported: define<boolean>({
    of: 'process',
    flags: '--purge-unexported',
    help: 'purge old dead letters without exporting them first',
    schema: flag,
    default: false,
  }),
  apiHost: define<string>({
    of: 'process',
    flags: '--host <address>',
    help: 'the address that the API listens on; beyond loopback it needs DROVER_API_TOKEN',
    schema: z.string().min(1),
    default: '127.0.0.1',
  }),
  apiPort: define<number>({
    of: 'process',
    flags: '--port <n>',
    help: 'the port that the API listens on; 0 for any free one',
    schema: wholeNumber(0, 65_535),
    default: 3300,
  }),
  apiToken: define<string[]>({
    of: 'process',
    help: 'bearer tokens of the API, separated by commas; ro: before one lets it only read',
    schema: apiTokens,
    default: [],
  }),
  allowHost: define<string[]>({
    of: 'process',
    flags: '--allow-host <name>',
    help: 'host names, as browsers write them, by which the API may be called besides its address (behind a proxy)',
    schema: plainList(
      z
        .string()
        .regex(/^[a-z0-9.-]+(:\d+)?$/, 'expected a host name such as drover.example.com, in lower case'),
    ),
    default: [],
    many: true,
  }),
  queuesWritable: define<boolean>({
    of: 'process',
    flags: '--queues-writable',
    help: 'let the raw queues at /queues be changed, not only looked at',
    schema: flag,
    default: false,
  }),
  webhookSecret: define<string | null>({
    of: 'process',
    help: 'the key that webhooks are signed with (HMAC-SHA256), any text, or whsec_ and the key in base64; consumers need it',
    schema: z
      .string()
      .min(16, 'expected at least 16 characters')
      .regex(
        /^(?!whsec_)|^whsec_[A-Za-z0-9+/]{22,}={0,2}$/,
        'expected base64 of at least 16 bytes after whsec_',
      )
      .nullable(),
    default: null,
  }),
  otelEndpoint: define<string | null>({
    of: 'process',
    flags: '--otel <url>',
    help: 'send OpenTelemetry traces there (OTLP over HTTP), such as http://127.0.0.1:4318/v1/traces',
    schema: webUrl.nullable(),
    default: null,
  }),
  logLevel: define<'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'>({
    of: 'process',
    flags: '--log-level <level>',
    help: 'what is written to the log: trace, debug, info, warn, error, silent',
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
    default: 'info',
  }),
};

export type SettingName = keyof typeof definitions;
export type Settings = { [K in SettingName]: (typeof definitions)[K]['default'] };
type NamesOf<Of extends 'crawl' | 'process'> = {
  crawl: Exclude<SettingName, ProcessSettingName>;
  process: ProcessSettingName;
}[Of];
type ProcessSettingName =
  | 'concurrency'
  | 'dataDir'
  | 'redisUrl'
  | 'namespace'
  | 'dnsServers'
  | 'lockDuration'
  | 'grace'
  | 'autoReplay'
  | 'keepDead'
  | 'keepDeadCount'
  | 'purgeUnexported'
  | 'apiHost'
  | 'apiPort'
  | 'apiToken'
  | 'allowHost'
  | 'queuesWritable'
  | 'webhookSecret'
  | 'otelEndpoint'
  | 'logLevel';

/** The settings that a crawl takes with it into Redis. */
export type CrawlSettings = Pick<Settings, NamesOf<'crawl'>>;

export const settingNames = Object.keys(definitions) as SettingName[];

/** DROVER_TIMEOUT_DNS for timeoutDns. REDIS_URL is the one variable without the prefix. */
export function variableOf(name: SettingName): string {
  return name === 'redisUrl'
    ? 'REDIS_URL'
    : `DROVER_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

export const defaultSettings = Object.freeze(
  Object.fromEntries(settingNames.map((name) => [name, definitions[name].default])),
) as Settings;

/** The crawl's part of the settings, as plain JSON. */
export function crawlSettings(settings: Settings): CrawlSettings {
  const names = settingNames.filter((name) => definitions[name].of === 'crawl');
  return Object.fromEntries(names.map((name) => [name, settings[name]])) as CrawlSettings;
}

/**
 * Settings from flags, then DROVER_* variables, then drover.config.{ts,json} in `directory`, then defaults.
 * Throws E_SETTING naming the place, the key and the nearest known one.
 */
export async function readSettings(
  flags: Partial<Record<string, unknown>> = {},
  directory = process.cwd(),
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Settings> {
  const file = await readConfigFile(directory);
  const result: Record<string, unknown> = { ...defaultSettings };
  for (const name of settingNames) {
    const variable = variableOf(name);
    const sources: [unknown, string][] = [
      [flags[name], flagName(name)],
      [environment[variable] || undefined, variable],
      [file.values[name], `${name} in ${file.path}`],
    ];
    const found = sources.find(([value]) => value !== undefined);
    if (found) result[name] = parseSetting(name, found[0], found[1]);
  }
  refuseUnknownVariables(environment);
  return result as Settings;
}

/** An address may hold a password, a header a token: their values are never shown. */
const secretSettings: ReadonlySet<SettingName> = new Set([
  'redisUrl',
  'header',
  'apiToken',
  'webhookSecret',
  'webhook',
  'otelEndpoint',
]);

/** One setting's value checked; `source` names the place in the error. */
export function parseSetting<N extends SettingName>(name: N, value: unknown, source: string): Settings[N] {
  const parsed = definitions[name].schema.safeParse(value);
  if (parsed.success) return parsed.data as Settings[N];
  const issue = parsed.error.issues[0];
  const got = secretSettings.has(name) ? '' : ` (got ${JSON.stringify(value)})`;
  const within = name === 'hosts' && issue?.path.length ? `, ${issue.path.join(', ')}` : '';
  throw new DroverError('E_SETTING', `${source}${within}: ${issue?.message ?? 'wrong value'}${got}.`);
}

function flagName(name: SettingName): string {
  return /--[a-z-]+/.exec(definitions[name].flags ?? '')?.[0] ?? name;
}

async function readConfigFile(directory: string): Promise<{ path: string; values: Record<string, unknown> }> {
  for (const name of ['drover.config.ts', 'drover.config.json']) {
    const path = join(directory, name);
    if (!existsSync(path)) continue;
    const values = await loadConfigFile(path);
    for (const key of Object.keys(values)) {
      if (!(key in definitions)) throw unknownKey(key, path, settingNames);
    }
    return { path: name, values };
  }
  return { path: '', values: {} };
}

async function loadConfigFile(path: string): Promise<Record<string, unknown>> {
  try {
    const text = path.endsWith('.json') ? await readFile(path, 'utf8') : null;
    const values = text === null ? (await import(pathToFileURL(path).href)).default : JSON.parse(text);
    if (values === null || typeof values !== 'object' || Array.isArray(values)) {
      throw new Error('expected an object of settings');
    }
    return values;
  } catch (cause) {
    throw new DroverError('E_SETTING', `${path} cannot be read: ${String(cause)}`, { cause });
  }
}

/** Whether the terminal can do nothing but print: no cursor to move. (NO_COLOR is Node's to read, in hasColors.) */
export function isDumbTerminal(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment.TERM === 'dumb';
}

function refuseUnknownVariables(environment: NodeJS.ProcessEnv): void {
  // DROVER_URL is where programs of the user's find the API (examples/).
  const known = [...settingNames.map(variableOf), 'DROVER_URL'];
  for (const key of Object.keys(environment)) {
    if (key.startsWith('DROVER_') && !known.includes(key)) throw unknownKey(key, 'the environment', known);
  }
}

/** E_SETTING that suggests the nearest name that there is; `place` is where `key` stands. */
export function unknownKey(key: string, place: string, known: readonly string[]): DroverError {
  const nearest = known.toSorted((a, b) => distance(key, a) - distance(key, b))[0];
  return new DroverError('E_SETTING', `There is no ${key} (in ${place}); did you mean ${nearest}?`);
}
