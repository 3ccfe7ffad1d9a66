// The table of settings. One entry is one setting: flags, variables, types, docs and API follow from it.
import { z } from 'zod';
import { purposes } from '../usage/statement.ts';
import {
  ageOrCount,
  anyDuration,
  apiTokens,
  byteSize,
  cidr,
  contact,
  duration,
  handlerOrFile,
  headers,
  hostTable,
  list,
  onOrOff,
  pattern,
  plainList,
  statusCode,
  timeLimit,
  webUrl,
  wholeNumber,
} from './values.ts';

/**
 * Who owns a setting:
 * - crawl: it is stored with the crawl in Redis, and the whole fleet follows it
 * - consumer: a process that fetches
 * - place: where the fleet is; the same for all its processes
 * - api: the server
 * - command: the present command
 */
export type Owner = 'crawl' | 'consumer' | 'place' | 'api' | 'command';

/** Headings under which a command with many options shows them, in this order. */
export const optionGroups = {
  often: 'Most used:',
  links: 'Which URLs:',
  hosts: 'Limits of hosts:',
  failures: 'Failures and dead letters:',
  times: 'Time limits of a fetch:',
  results: 'Records and messages:',
  process: 'Process and Redis:',
  api: 'API:',
  output: 'Output and log:',
  more: 'More:',
} as const;

export type OptionGroup = keyof typeof optionGroups;

export interface Definition<T, Of extends Owner = Owner> {
  readonly of: Of;
  /** In the notation of commander. Without it, the setting has only a variable and a config key. */
  readonly flags?: string;
  /** Where the help of a command with many options shows it. Default: `more`. */
  readonly group: OptionGroup;
  readonly help: string;
  readonly schema: z.ZodType<T>;
  readonly default: NoInfer<T>;
  /** The flag may be given more than once. */
  readonly many?: boolean;
  /** It may hold a password or a token: its value is never shown. */
  readonly secret?: boolean;
  /** It belongs to the crawl, but a caller of the API cannot set it. */
  readonly operatorOnly?: boolean;
  /** Its variable, if that is not DROVER_ and the name. */
  readonly variable?: string;
  /** Its former name. Crawls in Redis may still hold it, and a user who gives it is told the present one. */
  readonly formerly?: string;
}

const setting = <T, const Of extends Owner>(definition: Definition<T, Of>): Definition<T, Of> => definition;

export const definitions = {
  depth: setting({
    of: 'crawl',
    group: 'often',
    flags: '-d, --depth <n>',
    help: 'follow links to this depth; 0 fetches only the seeds; unlimited if not given, but 0 for a list of seeds',
    schema: wholeNumber(0, 1_000_000).nullable(),
    default: null,
  }),
  limit: setting({
    of: 'crawl',
    group: 'often',
    flags: '--limit <n>',
    help: 'accept at most this many requests, seeds included',
    schema: wholeNumber(1).nullable(),
    default: null,
  }),
  scope: setting({
    of: 'crawl',
    group: 'often',
    flags: '--scope <host|domain|origin|any>',
    help: 'which links to follow, compared with the page that holds them',
    schema: z.enum(['host', 'domain', 'origin', 'any']),
    default: 'host',
  }),
  include: setting({
    of: 'crawl',
    group: 'often',
    flags: '--include <pattern>',
    help: 'follow only links that match one of these, each a glob or a /regex/ for the whole URL',
    schema: list(pattern),
    default: [],
    many: true,
  }),
  exclude: setting({
    of: 'crawl',
    group: 'often',
    flags: '--exclude <pattern>',
    help: 'do not follow links that match one of these',
    schema: list(pattern),
    default: [],
    many: true,
  }),
  perHost: setting({
    of: 'crawl',
    group: 'often',
    flags: '--per-host <n>',
    help: 'fetches in flight at one host, over the whole fleet',
    schema: wholeNumber(1, 10_000),
    default: 2,
  }),
  delay: setting({
    of: 'crawl',
    group: 'often',
    flags: '--delay <duration>',
    help: 'least time from one start to the next at one host, over the whole fleet: 500ms, 2s',
    schema: duration,
    default: 0,
  }),
  hosts: setting({
    of: 'crawl',
    group: 'hosts',
    help: 'limits by host: {"*.example.com": {"delay": "2s", "concurrency": 1, "max": 100, "durationMs": "1m"}}; the most exact pattern counts',
    schema: hostTable,
    default: {},
  }),
  perServer: setting({
    of: 'crawl',
    group: 'hosts',
    flags: '--per-server <n>',
    help: 'fetches in flight at one server, all its host names together (--server-by)',
    schema: wholeNumber(1, 10_000).nullable(),
    default: null,
  }),
  serverBy: setting({
    of: 'crawl',
    group: 'hosts',
    flags: '--server-by <domain|address>',
    help: 'what makes names one server: the same registrable domain, or the same address',
    schema: z.enum(['domain', 'address']),
    default: 'domain',
  }),
  adaptive: setting({
    of: 'crawl',
    group: 'hosts',
    flags: '--no-adaptive',
    help: 'do not slow down for a host that gets slower or fails often (its pauses are still obeyed)',
    schema: onOrOff,
    default: true,
  }),
  maxCrawlDelay: setting({
    of: 'crawl',
    group: 'hosts',
    flags: '--max-crawl-delay <duration>',
    help: 'longest Crawl-delay of a robots.txt to obey; longer ones count as this',
    schema: duration,
    default: 60_000,
  }),
  maxFrontier: setting({
    of: 'crawl',
    group: 'hosts',
    flags: '--max-frontier <n>',
    help: 'when this many requests wait in the crawl, producers are held back until there are fewer',
    schema: wholeNumber(1),
    default: 10_000_000,
  }),
  sitemap: setting({
    of: 'crawl',
    group: 'often',
    flags: '--sitemap <url|auto>',
    help: 'take seeds from this sitemap; auto: from /sitemap.xml and the sitemaps in robots.txt, at the host of each seed',
    schema: list(z.string().regex(/^(auto$|https?:\/\/)/i, 'expected auto or the URL of a sitemap')),
    default: [],
    many: true,
  }),
  maxPerHost: setting({
    of: 'crawl',
    group: 'links',
    flags: '--max-per-host <n>',
    help: 'accept at most this many requests of one host',
    schema: wholeNumber(1).nullable(),
    default: null,
  }),
  maxPathRepeats: setting({
    of: 'crawl',
    group: 'links',
    flags: '--max-path-repeats <n>',
    help: 'do not follow links whose path repeats a segment more often than this: /a/b/a/b/a/b/a',
    schema: wholeNumber(1, 1000),
    default: 3,
  }),
  maxChain: setting({
    of: 'crawl',
    group: 'links',
    flags: '--max-chain <n>',
    help: 'do not follow links at the end of a longer chain of numbered pages or hosts, as in an endless calendar',
    schema: wholeNumber(1, 1_000_000),
    default: 500,
  }),
  maxAlike: setting({
    of: 'crawl',
    group: 'links',
    flags: '--max-alike <n>',
    help: 'end a chain of numbered pages, from the hundredth on, after this many whose texts differ in digits only; 0: never',
    schema: wholeNumber(0, 1_000_000),
    default: 300,
  }),
  keepSessionIds: setting({
    of: 'crawl',
    group: 'links',
    flags: '--keep-session-ids',
    help: 'leave session identifiers (jsessionid, PHPSESSID, sid=…) in links',
    schema: onOrOff,
    default: false,
  }),
  attempts: setting({
    of: 'crawl',
    group: 'failures',
    flags: '--attempts <n>',
    help: 'attempts before a request is a dead letter',
    schema: wholeNumber(1, 100),
    default: 4,
  }),
  backoff: setting({
    of: 'crawl',
    group: 'failures',
    flags: '--backoff <duration>',
    help: 'wait before the second attempt; doubled for each further attempt, with a random part',
    schema: duration,
    default: 1000,
  }),
  maxBackoff: setting({
    of: 'crawl',
    group: 'failures',
    flags: '--max-backoff <duration>',
    help: 'longest wait between two attempts',
    schema: duration,
    default: 300_000,
  }),
  maxPostponed: setting({
    of: 'crawl',
    group: 'hosts',
    flags: '--max-postponed <duration>',
    help: 'how long in all a request may be postponed by 429, Retry-After and used-up quotas before it is a dead letter',
    schema: duration,
    default: 3_600_000,
    formerly: 'maxSnooze',
  }),
  maxPause: setting({
    of: 'crawl',
    group: 'hosts',
    flags: '--max-pause <duration>',
    help: 'longest pause of a host that one answer can ask for',
    schema: duration,
    default: 300_000,
  }),
  deadOn: setting({
    of: 'crawl',
    group: 'failures',
    flags: '--dead-on <status>',
    help: 'statuses that make dead letters instead of records, such as 403',
    schema: plainList(statusCode),
    default: [],
    many: true,
  }),
  ignoreRobots: setting({
    of: 'crawl',
    group: 'links',
    flags: '--ignore-robots',
    help: 'do not obey robots.txt (for your own hosts); --sitemap auto still reads its sitemaps',
    schema: onOrOff,
    default: false,
  }),
  purpose: setting({
    of: 'crawl',
    group: 'links',
    flags: '--purpose <train-ai|ai-use|search>',
    help: 'what the pages are for: what a site reserves against it (robots.txt, headers, meta) is not fetched, or not kept',
    schema: plainList(z.enum(purposes, 'expected train-ai, ai-use or search')),
    default: [],
    many: true,
  }),
  allowPrivate: setting({
    of: 'crawl',
    group: 'links',
    flags: '--allow-private <cidr>',
    help: 'private or special addresses that may be fetched; each seed allows its own host and port',
    schema: plainList(cidr),
    default: [],
    many: true,
    operatorOnly: true,
  }),
  allowPort: setting({
    of: 'crawl',
    group: 'links',
    flags: '--allow-port <port>',
    help: 'ports of other services that may be fetched, such as 6000; browsers refuse the same ones',
    schema: plainList(wholeNumber(0, 65_535)),
    default: [],
    many: true,
    operatorOnly: true,
  }),
  userAgent: setting({
    of: 'crawl',
    group: 'often',
    flags: '--user-agent <text>',
    help: 'the User-Agent header; the contact is put behind it',
    schema: z.string().regex(/^[\x20-\x7e]+$/, 'expected printable ASCII'),
    default: 'drover/0.1',
  }),
  contact: setting({
    of: 'crawl',
    group: 'often',
    flags: '--contact <url|mail>',
    help: 'a page or mail address where owners of hosts reach you, put into the User-Agent',
    schema: contact.nullable(),
    default: null,
  }),
  header: setting({
    of: 'crawl',
    group: 'often',
    flags: '--header <"name: value">',
    help: 'a header of every request; sent to the hosts of the crawl, not to other origins after a redirect',
    schema: headers,
    default: {},
    many: true,
    secret: true,
  }),
  timeoutDns: setting({
    of: 'crawl',
    group: 'times',
    flags: '--timeout-dns <ms>',
    help: 'limit of the name look-up',
    schema: timeLimit,
    default: 5000,
  }),
  timeoutConnect: setting({
    of: 'crawl',
    group: 'times',
    flags: '--timeout-connect <ms>',
    help: 'limit of the TCP connect, after the look-up',
    schema: timeLimit,
    default: 10_000,
  }),
  timeoutTls: setting({
    of: 'crawl',
    group: 'times',
    flags: '--timeout-tls <ms>',
    help: 'limit of the TLS handshake',
    schema: timeLimit,
    default: 10_000,
  }),
  timeoutSend: setting({
    of: 'crawl',
    group: 'times',
    flags: '--timeout-send <ms>',
    help: 'limit of sending the request',
    schema: timeLimit,
    default: 30_000,
  }),
  timeoutResponse: setting({
    of: 'crawl',
    group: 'times',
    flags: '--timeout-response <ms>',
    help: 'limit from the request sent to the header received',
    schema: timeLimit,
    default: 30_000,
  }),
  timeoutRead: setting({
    of: 'crawl',
    group: 'times',
    flags: '--timeout-read <ms>',
    help: 'limit between two pieces of the body',
    schema: timeLimit,
    default: 30_000,
  }),
  timeoutRequest: setting({
    of: 'crawl',
    group: 'times',
    flags: '--timeout-request <ms>',
    help: 'limit of the whole request, redirects included',
    schema: timeLimit,
    default: 120_000,
  }),
  maxBytes: setting({
    of: 'crawl',
    group: 'results',
    flags: '--max-bytes <size>',
    help: 'largest decoded body',
    schema: byteSize,
    default: 10 * 1024 * 1024,
  }),
  maxRedirects: setting({
    of: 'crawl',
    group: 'links',
    flags: '--max-redirects <n>',
    help: 'redirects followed for one request',
    schema: wholeNumber(0, 50),
    default: 10,
  }),
  maxUrlLength: setting({
    of: 'crawl',
    group: 'links',
    flags: '--max-url-length <n>',
    help: 'longer URLs are not accepted',
    schema: wholeNumber(16, 65_536),
    default: 8000,
  }),
  stripParams: setting({
    of: 'crawl',
    group: 'links',
    flags: '--strip-params <name>',
    help: 'query parameters to remove from every URL, * at the end as wildcard: utm_*',
    schema: list(pattern),
    default: [],
    many: true,
  }),
  body: setting({
    of: 'crawl',
    group: 'results',
    flags: '--body <text|base64|none>',
    help: 'how records keep the body',
    schema: z.enum(['text', 'base64', 'none']),
    default: 'text',
  }),
  webhook: setting({
    of: 'crawl',
    group: 'results',
    flags: '--webhook <url>',
    help: 'the URL for a signed POST when the crawl has finished (DROVER_WEBHOOK_SECRET)',
    schema: webUrl.nullable(),
    default: null,
    secret: true,
  }),
  webhookDead: setting({
    of: 'crawl',
    group: 'results',
    flags: '--webhook-dead <n>',
    help: 'also call the webhook when the crawl has this many dead letters',
    schema: wholeNumber(1).nullable(),
    default: null,
  }),

  concurrency: setting({
    of: 'consumer',
    group: 'often',
    flags: '-c, --concurrency <n>',
    help: 'fetches in flight in one consumer process, and the size of its connection pool',
    schema: wholeNumber(1, 10_000),
    default: 50,
  }),
  handlers: setting({
    of: 'consumer',
    flags: '--handler <file>',
    group: 'often',
    help: 'your own code for fetched pages: a .ts or .js file with handlers (docs/HANDLERS.md)',
    schema: list(handlerOrFile),
    default: [],
    many: true,
  }),
  dnsServers: setting({
    of: 'consumer',
    group: 'process',
    flags: '--dns-server <address>',
    help: 'name servers to use instead of those of the system: 9.9.9.9, 127.0.0.1:5353',
    schema: plainList(z.string().min(1)),
    default: [],
    many: true,
  }),
  lockDuration: setting({
    of: 'consumer',
    group: 'process',
    help: 'how long a consumer that does not respond keeps its jobs before another takes them',
    schema: duration.pipe(z.number().min(1000)),
    default: 8000,
  }),
  grace: setting({
    of: 'consumer',
    group: 'process',
    flags: '--grace <duration>',
    help: 'how long a consumer or server that stops waits for what is in flight',
    schema: duration,
    default: 30_000,
  }),
  autoReplay: setting({
    of: 'consumer',
    group: 'failures',
    flags: '--auto-replay <duration>',
    help: 'how often to replay one dead letter of each host that was down; if it succeeds, the others follow; 0: never',
    schema: duration,
    default: 0,
  }),
  keepCrawls: setting({
    of: 'consumer',
    group: 'results',
    flags: '--keep-crawls <age|count>',
    help: 'forget crawls that ended longer ago than this (30d), or all but the newest so many (20); their records on disk stay',
    schema: ageOrCount.nullable(),
    default: null,
  }),
  keepDead: setting({
    of: 'consumer',
    group: 'failures',
    flags: '--keep-dead <duration>',
    help: 'export and purge dead letters that are older than this; if not given, they are kept for ever',
    schema: anyDuration.pipe(z.number().min(1000)).nullable(),
    default: null,
  }),
  keepDeadCount: setting({
    of: 'consumer',
    group: 'failures',
    flags: '--keep-dead-count <n>',
    help: 'keep at most this many dead letters; export and purge the oldest beyond that',
    schema: wholeNumber(0).nullable(),
    default: null,
  }),
  purgeUnexported: setting({
    of: 'consumer',
    group: 'failures',
    flags: '--purge-unexported',
    help: 'purge old dead letters without exporting them first',
    schema: onOrOff,
    default: false,
  }),
  webhookSecret: setting({
    of: 'consumer',
    group: 'results',
    help: 'the key that signs webhooks (HMAC-SHA256): any text, or whsec_ and the key in base64; consumers need it',
    schema: z
      .string()
      .min(16, 'expected at least 16 characters')
      .regex(
        /^(?!whsec_)|^whsec_[A-Za-z0-9+/]{22,}={0,2}$/,
        'expected base64 of at least 16 bytes after whsec_',
      )
      .nullable(),
    default: null,
    secret: true,
  }),
  otelEndpoint: setting({
    of: 'consumer',
    group: 'results',
    flags: '--otel <url>',
    help: 'send OpenTelemetry traces to this URL (OTLP over HTTP), such as http://127.0.0.1:4318/v1/traces',
    schema: webUrl.nullable(),
    default: null,
    secret: true,
  }),

  dataDir: setting({
    of: 'place',
    group: 'process',
    flags: '--data-dir <path>',
    help: 'the folder for records, logs and the embedded Redis',
    schema: z.string().min(1),
    default: '.drover',
  }),
  redisUrl: setting({
    of: 'place',
    group: 'process',
    flags: '--redis <url>',
    help: 'your own Redis instead of the embedded one (also REDIS_URL)',
    schema: z
      .string()
      .regex(/^(rediss?|valkeys?|unix):/i, 'expected redis://, rediss:// or unix:')
      .nullable(),
    default: null,
    secret: true,
    variable: 'REDIS_URL',
  }),
  namespace: setting({
    of: 'place',
    group: 'process',
    flags: '--namespace <name>',
    help: 'namespace of all keys in Redis, for several fleets on one server',
    schema: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected letters, digits, dots, dashes'),
    default: 'drover',
    formerly: 'prefix',
  }),

  apiHost: setting({
    of: 'api',
    group: 'api',
    flags: '--host <address>',
    help: 'the address that the API listens on; any address except loopback needs DROVER_API_TOKEN',
    schema: z.string().min(1),
    default: '127.0.0.1',
  }),
  apiPort: setting({
    of: 'api',
    group: 'api',
    flags: '--port <n>',
    help: 'the port that the API listens on; 0 for any free one',
    schema: wholeNumber(0, 65_535),
    default: 3300,
  }),
  apiToken: setting({
    of: 'api',
    group: 'api',
    help: 'bearer tokens of the API, separated by commas; ro: before a token allows only reading',
    schema: apiTokens,
    default: [],
    secret: true,
  }),
  allowHost: setting({
    of: 'api',
    group: 'api',
    flags: '--allow-host <name>',
    help: 'further host names, as browsers write them, under which the API may be called (behind a proxy)',
    schema: plainList(
      z
        .string()
        .toLowerCase()
        .regex(/^[a-z0-9.-]+(:\d+)?$/, 'expected a host name such as drover.example.com'),
    ),
    default: [],
    many: true,
  }),
  queuesWritable: setting({
    of: 'api',
    group: 'api',
    flags: '--queues-writable',
    help: 'allow changes in the raw queues at /queues, not only reading',
    schema: onOrOff,
    default: false,
  }),

  logLevel: setting({
    of: 'command',
    group: 'output',
    flags: '--log-level <level>',
    help: 'what is written to the log: trace, debug, info, warn, error, silent',
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
    default: 'info',
  }),
};
