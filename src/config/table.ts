// The table of settings. One entry is one setting: flags, variables, types, docs and API follow from it.
import type { z } from 'zod';
import { signatureProfiles } from '../identity/signs-as.ts';
import { purposes } from '../usage/statement.ts';
import type * as types from './values.ts';

/**
 * Who owns a setting:
 * - crawl: it is stored with the crawl in Redis, and the whole fleet follows it
 * - consumer: a process that fetches
 * - place: where the fleet is; the same for all its processes
 * - runner: a command that runs consumers: crawl, consume, serve
 * - api: the server
 * - command: the present command
 */
export type Owner = 'crawl' | 'consumer' | 'runner' | 'place' | 'api' | 'command';

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
  /** Of what types its values are: made of those of values.ts, once one must be read. */
  readonly schema: (t: typeof types) => z.ZodType<T>;
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
    schema: (t) => t.wholeNumber(0, 1_000_000).nullable(),
    default: null,
  }),
  limit: setting({
    of: 'crawl',
    group: 'often',
    flags: '--limit <n>',
    help: 'accept at most this many requests, seeds included',
    schema: (t) => t.wholeNumber(1).nullable(),
    default: null,
  }),
  scope: setting({
    of: 'crawl',
    group: 'often',
    flags: '--scope <host|domain|origin|any>',
    help: 'which links to follow, compared with the page that holds them',
    schema: (t) => t.z.enum(['host', 'domain', 'origin', 'any']),
    default: 'host',
  }),
  include: setting({
    of: 'crawl',
    group: 'often',
    flags: '--include <pattern>',
    help: 'follow only links that match one of these, each a glob or a /regex/ for the whole URL',
    schema: (t) => t.list(t.pattern),
    default: [],
    many: true,
  }),
  exclude: setting({
    of: 'crawl',
    group: 'often',
    flags: '--exclude <pattern>',
    help: 'do not follow links that match one of these',
    schema: (t) => t.list(t.pattern),
    default: [],
    many: true,
  }),
  perHost: setting({
    of: 'crawl',
    group: 'often',
    flags: '--per-host <n>',
    help: 'fetches in flight at one host, over the whole fleet',
    schema: (t) => t.wholeNumber(1, 10_000),
    default: 2,
  }),
  delay: setting({
    of: 'crawl',
    group: 'often',
    flags: '--delay <duration>',
    help: 'least time from one start to the next at one host, over the whole fleet: 500ms, 2s',
    schema: (t) => t.duration,
    default: 0,
  }),
  hosts: setting({
    of: 'crawl',
    group: 'hosts',
    help: 'limits by host: {"*.example.com": {"delay": "2s", "concurrency": 1, "max": 100, "durationMs": "1m"}}; the most exact pattern counts',
    schema: (t) => t.hostTable,
    default: {},
  }),
  perServer: setting({
    of: 'crawl',
    group: 'hosts',
    flags: '--per-server <n>',
    help: 'fetches in flight at one server, all its host names together (--server-by)',
    schema: (t) => t.wholeNumber(1, 10_000).nullable(),
    default: null,
  }),
  serverBy: setting({
    of: 'crawl',
    group: 'hosts',
    flags: '--server-by <domain|address>',
    help: 'what makes names one server: the same registrable domain, or the same address',
    schema: (t) => t.z.enum(['domain', 'address']),
    default: 'domain',
  }),
  adaptive: setting({
    of: 'crawl',
    group: 'hosts',
    flags: '--no-adaptive',
    help: 'do not slow down for a host that gets slower or fails often (its pauses are still obeyed)',
    schema: (t) => t.onOrOff,
    default: true,
  }),
  maxCrawlDelay: setting({
    of: 'crawl',
    group: 'hosts',
    flags: '--max-crawl-delay <duration>',
    help: 'longest Crawl-delay of a robots.txt to obey; longer ones count as this',
    schema: (t) => t.duration,
    default: 60_000,
  }),
  maxFrontier: setting({
    of: 'crawl',
    group: 'hosts',
    flags: '--max-frontier <n>',
    help: 'when this many requests wait in the crawl, producers are held back until there are fewer',
    schema: (t) => t.wholeNumber(1),
    default: 10_000_000,
  }),
  sitemap: setting({
    of: 'crawl',
    group: 'often',
    flags: '--sitemap <url|auto>',
    help: 'take seeds from this sitemap; auto: from /sitemap.xml and the sitemaps in robots.txt, at the host of each seed',
    schema: (t) =>
      t.list(t.z.string().regex(/^(auto$|https?:\/\/)/i, 'expected auto or the URL of a sitemap')),
    default: [],
    many: true,
  }),
  maxPerHost: setting({
    of: 'crawl',
    group: 'links',
    flags: '--max-per-host <n>',
    help: 'accept at most this many requests of one host',
    schema: (t) => t.wholeNumber(1).nullable(),
    default: null,
  }),
  maxPathRepeats: setting({
    of: 'crawl',
    group: 'links',
    flags: '--max-path-repeats <n>',
    help: 'do not follow links whose path repeats a segment more often than this: /a/b/a/b/a/b/a',
    schema: (t) => t.wholeNumber(1, 1000),
    default: 3,
  }),
  maxChain: setting({
    of: 'crawl',
    group: 'links',
    flags: '--max-chain <n>',
    help: 'do not follow links at the end of a longer chain of numbered pages or hosts, as in an endless calendar',
    schema: (t) => t.wholeNumber(1, 1_000_000),
    default: 500,
  }),
  maxAlike: setting({
    of: 'crawl',
    group: 'links',
    flags: '--max-alike <n>',
    help: 'end a chain of numbered pages, from the hundredth on, after this many whose texts differ in digits only; 0: never',
    schema: (t) => t.wholeNumber(0, 1_000_000),
    default: 300,
  }),
  keepSessionIds: setting({
    of: 'crawl',
    group: 'links',
    flags: '--keep-session-ids',
    help: 'leave session identifiers (jsessionid, PHPSESSID, sid=…) in links',
    schema: (t) => t.onOrOff,
    default: false,
  }),
  attempts: setting({
    of: 'crawl',
    group: 'failures',
    flags: '--attempts <n>',
    help: 'attempts before a request is a dead letter',
    schema: (t) => t.wholeNumber(1, 100),
    default: 4,
  }),
  backoff: setting({
    of: 'crawl',
    group: 'failures',
    flags: '--backoff <duration>',
    help: 'wait before the second attempt; doubled for each further attempt, with a random part',
    schema: (t) => t.duration,
    default: 1000,
  }),
  maxBackoff: setting({
    of: 'crawl',
    group: 'failures',
    flags: '--max-backoff <duration>',
    help: 'longest wait between two attempts',
    schema: (t) => t.duration,
    default: 300_000,
  }),
  maxPostponed: setting({
    of: 'crawl',
    group: 'hosts',
    flags: '--max-postponed <duration>',
    help: 'how long in all a request may be postponed by 429, Retry-After and used-up quotas before it is a dead letter',
    schema: (t) => t.duration,
    default: 3_600_000,
    formerly: 'maxSnooze',
  }),
  maxPause: setting({
    of: 'crawl',
    group: 'hosts',
    flags: '--max-pause <duration>',
    help: 'longest pause of a host that one answer can ask for',
    schema: (t) => t.duration,
    default: 300_000,
  }),
  deadOn: setting({
    of: 'crawl',
    group: 'failures',
    flags: '--dead-on <status>',
    help: 'statuses that make dead letters instead of records, such as 403',
    schema: (t) => t.plainList(t.statusCode),
    default: [],
    many: true,
  }),
  ignoreRobots: setting({
    of: 'crawl',
    group: 'links',
    flags: '--ignore-robots',
    help: 'do not obey robots.txt (for your own hosts); --sitemap auto still reads its sitemaps',
    schema: (t) => t.onOrOff,
    default: false,
  }),
  purpose: setting({
    of: 'crawl',
    group: 'links',
    flags: '--purpose <train-ai|ai-use|search>',
    help: 'what the pages are for: what a site reserves against it (robots.txt, headers, meta) is not fetched, or not kept',
    schema: (t) => t.plainList(t.z.enum(purposes, 'expected train-ai, ai-use or search')),
    default: [],
    many: true,
  }),
  allowPrivate: setting({
    of: 'crawl',
    group: 'links',
    flags: '--allow-private <cidr>',
    help: 'private or special addresses that may be fetched; each seed allows its own host and port',
    schema: (t) => t.plainList(t.cidr),
    default: [],
    many: true,
    operatorOnly: true,
  }),
  allowPort: setting({
    of: 'crawl',
    group: 'links',
    flags: '--allow-port <port>',
    help: 'ports of other services that may be fetched, such as 6000; browsers refuse the same ones',
    schema: (t) => t.plainList(t.wholeNumber(0, 65_535)),
    default: [],
    many: true,
    operatorOnly: true,
  }),
  userAgent: setting({
    of: 'crawl',
    group: 'often',
    flags: '--user-agent <text>',
    help: 'the User-Agent header; the contact is put behind it',
    schema: (t) => t.z.string().regex(/^[\x20-\x7e]+$/, 'expected printable ASCII'),
    default: 'drover/0.1',
  }),
  contact: setting({
    of: 'crawl',
    group: 'often',
    flags: '--contact <url|mail>',
    help: 'a page or mail address where owners of hosts reach you, put into the User-Agent',
    schema: (t) => t.contact.nullable(),
    default: null,
  }),
  identity: setting({
    of: 'crawl',
    group: 'often',
    flags: '--identity <auto|file>',
    help: 'sign every https request (Web Bot Auth) with the identity in this file; auto: the one in the data directory of whoever fetches (docs/IDENTITY.md)',
    schema: (t) => t.autoOrFile.nullable(),
    default: null,
    operatorOnly: true,
  }),
  identityProfile: setting({
    of: 'crawl',
    group: 'often',
    flags: '--identity-profile <draft-01|string>',
    help: 'how Signature-Agent is written: as the present draft says, or as a string, for verifiers of the first drafts',
    schema: (t) => t.z.enum(signatureProfiles),
    default: 'draft-01',
    operatorOnly: true,
  }),
  header: setting({
    of: 'crawl',
    group: 'often',
    flags: '--header <"name: value">',
    help: 'a header of every request; sent to the hosts of the crawl, not to other origins after a redirect',
    schema: (t) => t.headers,
    default: {},
    many: true,
    secret: true,
  }),
  timeoutDns: setting({
    of: 'crawl',
    group: 'times',
    flags: '--timeout-dns <ms>',
    help: 'limit of the name look-up',
    schema: (t) => t.timeLimit,
    default: 5000,
  }),
  timeoutConnect: setting({
    of: 'crawl',
    group: 'times',
    flags: '--timeout-connect <ms>',
    help: 'limit of the TCP connect, after the look-up',
    schema: (t) => t.timeLimit,
    default: 10_000,
  }),
  timeoutTls: setting({
    of: 'crawl',
    group: 'times',
    flags: '--timeout-tls <ms>',
    help: 'limit of the TLS handshake',
    schema: (t) => t.timeLimit,
    default: 10_000,
  }),
  timeoutSend: setting({
    of: 'crawl',
    group: 'times',
    flags: '--timeout-send <ms>',
    help: 'limit of sending the request',
    schema: (t) => t.timeLimit,
    default: 30_000,
  }),
  timeoutResponse: setting({
    of: 'crawl',
    group: 'times',
    flags: '--timeout-response <ms>',
    help: 'limit from the request sent to the header received',
    schema: (t) => t.timeLimit,
    default: 30_000,
  }),
  timeoutRead: setting({
    of: 'crawl',
    group: 'times',
    flags: '--timeout-read <ms>',
    help: 'limit between two pieces of the body',
    schema: (t) => t.timeLimit,
    default: 30_000,
  }),
  timeoutRequest: setting({
    of: 'crawl',
    group: 'times',
    flags: '--timeout-request <ms>',
    help: 'limit of the whole request, redirects included',
    schema: (t) => t.timeLimit,
    default: 120_000,
  }),
  maxBytes: setting({
    of: 'crawl',
    group: 'results',
    flags: '--max-bytes <size>',
    help: 'largest decoded body',
    schema: (t) => t.byteSize,
    default: 10 * 1024 * 1024,
  }),
  maxRedirects: setting({
    of: 'crawl',
    group: 'links',
    flags: '--max-redirects <n>',
    help: 'redirects followed for one request',
    schema: (t) => t.wholeNumber(0, 50),
    default: 10,
  }),
  maxUrlLength: setting({
    of: 'crawl',
    group: 'links',
    flags: '--max-url-length <n>',
    help: 'longer URLs are not accepted',
    schema: (t) => t.wholeNumber(16, 65_536),
    default: 8000,
  }),
  checkExternal: setting({
    of: 'crawl',
    group: 'links',
    flags: '--check-external',
    help: 'fetch links that lead out of --scope once, to see whether they work; they are not followed',
    schema: (t) => t.onOrOff,
    default: false,
  }),
  stripParams: setting({
    of: 'crawl',
    group: 'links',
    flags: '--strip-params <name>',
    help: 'query parameters to remove from every URL, * at the end as wildcard: utm_*',
    schema: (t) => t.list(t.pattern),
    default: [],
    many: true,
  }),
  body: setting({
    of: 'crawl',
    group: 'results',
    flags: '--body <text|base64|none>',
    help: 'how records keep the body',
    schema: (t) => t.z.enum(['text', 'base64', 'none']),
    default: 'text',
  }),
  webhook: setting({
    of: 'crawl',
    group: 'results',
    flags: '--webhook <url>',
    help: 'the URL for a signed POST when the crawl has finished (DROVER_WEBHOOK_SECRET)',
    schema: (t) => t.webUrl.nullable(),
    default: null,
    secret: true,
  }),
  webhookDead: setting({
    of: 'crawl',
    group: 'results',
    flags: '--webhook-dead <n>',
    help: 'also call the webhook when the crawl has this many dead letters',
    schema: (t) => t.wholeNumber(1).nullable(),
    default: null,
  }),
  requisites: setting({
    of: 'crawl',
    group: 'links',
    flags: '--requisites',
    help: 'fetch the images, style sheets, scripts and fonts of pages too, at whatever host; they are not followed',
    schema: (t) => t.onOrOff,
    default: false,
  }),
  onlyDue: setting({
    of: 'crawl',
    group: 'results',
    flags: '--only-due',
    help: 'with --again: take over pages that are not due again (--revisit-min, --revisit-max) without asking for them',
    schema: (t) => t.onOrOff,
    default: false,
  }),
  revisitMin: setting({
    of: 'crawl',
    group: 'results',
    flags: '--revisit-min <duration>',
    help: 'no page is due again sooner; one that has changed is due after half of its age',
    schema: (t) => t.anyDuration,
    default: 3_600_000,
  }),
  revisitMax: setting({
    of: 'crawl',
    group: 'results',
    flags: '--revisit-max <duration>',
    help: 'every page is due again then; one that has not changed is due after 1.5 times its age',
    schema: (t) => t.anyDuration.pipe(t.z.number().min(1)),
    default: 30 * 24 * 3_600_000,
  }),
  keepSeeds: setting({
    of: 'crawl',
    group: 'results',
    flags: '--keep-seeds <size>',
    help: 'keep the seeds for --again, compressed in Redis, unless they take more than this; 0 keeps none, 512MiB is the most',
    schema: (t) => t.sizeOrNone.pipe(t.z.number().max(512 * 1024 * 1024)),
    default: 64 * 1024 * 1024,
    operatorOnly: true,
  }),
  warc: setting({
    of: 'crawl',
    group: 'results',
    flags: '--warc <place>',
    help: 'archive all that goes over the wire in WARC files: in this directory, or in s3://bucket/prefix (docs/ARCHIVES.md)',
    schema: (t) => t.warcPlace.nullable(),
    default: null,
    operatorOnly: true,
  }),
  warcSize: setting({
    of: 'crawl',
    group: 'results',
    flags: '--warc-size <size>',
    help: 'begin the next WARC file when one has grown to this size; in a bucket, at 32 MB at the latest',
    schema: (t) => t.byteSize,
    default: 1_000_000_000,
    operatorOnly: true,
  }),

  concurrency: setting({
    of: 'consumer',
    group: 'often',
    flags: '-c, --concurrency <n>',
    help: 'fetches in flight in each consumer process (--processes), and the size of its connection pool',
    schema: (t) => t.wholeNumber(1, 10_000),
    default: 50,
  }),
  handlers: setting({
    of: 'consumer',
    flags: '--handler <file>',
    group: 'often',
    help: 'your own code for fetched pages: a .ts or .js file with handlers (docs/HANDLERS.md)',
    schema: (t) => t.list(t.handlerOrFile),
    default: [],
    many: true,
  }),
  threads: setting({
    of: 'consumer',
    flags: '--threads <n>',
    group: 'process',
    help: 'threads for handlers with blocking: true, and child processes for those with isolate: process; they start when the first page needs one; if not given, one less than the machine has cores, at least one',
    schema: (t) => t.wholeNumber(1, 1000).nullable(),
    default: null,
  }),
  threadMemory: setting({
    of: 'consumer',
    flags: '--thread-memory <size>',
    group: 'process',
    help: 'memory that a handler may use on its thread, buffers included',
    schema: (t) => t.byteSize.pipe(t.z.number().min(32 * 1024 ** 2)),
    default: 512 * 1024 ** 2,
  }),
  dnsServers: setting({
    of: 'consumer',
    group: 'process',
    flags: '--dns-server <address>',
    help: 'name servers to use instead of those of the system: 9.9.9.9, 127.0.0.1:5353',
    schema: (t) => t.plainList(t.nameServer),
    default: [],
    many: true,
  }),
  lockDuration: setting({
    of: 'consumer',
    group: 'process',
    help: 'how long a consumer that does not respond keeps its jobs before another takes them',
    schema: (t) => t.duration.pipe(t.z.number().min(1000)),
    default: 8000,
  }),
  grace: setting({
    of: 'consumer',
    group: 'process',
    flags: '--grace <duration>',
    help: 'how long a consumer or server that stops waits for what is in flight',
    schema: (t) => t.duration,
    default: 30_000,
  }),
  autoReplay: setting({
    of: 'consumer',
    group: 'failures',
    flags: '--auto-replay <duration>',
    help: 'how often to replay one dead letter of each host that was down; if it succeeds, the others follow; 0: never',
    schema: (t) => t.duration,
    default: 0,
  }),
  keepCrawls: setting({
    of: 'consumer',
    group: 'results',
    flags: '--keep-crawls <age|count>',
    help: 'forget crawls that ended longer ago than this (30d), or all but the newest so many (20); their records on disk stay',
    schema: (t) => t.ageOrCount.nullable(),
    default: null,
  }),
  keepDead: setting({
    of: 'consumer',
    group: 'failures',
    flags: '--keep-dead <duration>',
    help: 'export and purge dead letters that are older than this; if not given, they are kept for ever',
    schema: (t) => t.anyDuration.pipe(t.z.number().min(1000)).nullable(),
    default: null,
  }),
  keepDeadCount: setting({
    of: 'consumer',
    group: 'failures',
    flags: '--keep-dead-count <n>',
    help: 'keep at most this many dead letters; export and purge the oldest beyond that',
    schema: (t) => t.wholeNumber(0).nullable(),
    default: null,
  }),
  purgeUnexported: setting({
    of: 'consumer',
    group: 'failures',
    flags: '--purge-unexported',
    help: 'purge old dead letters without exporting them first',
    schema: (t) => t.onOrOff,
    default: false,
  }),
  webhookSecret: setting({
    of: 'consumer',
    group: 'results',
    help: 'the key that signs webhooks (HMAC-SHA256): any text, or whsec_ and the key in base64; consumers need it',
    schema: (t) =>
      t.z
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
    schema: (t) => t.webUrl.nullable(),
    default: null,
    secret: true,
  }),

  processes: setting({
    of: 'runner',
    group: 'often',
    flags: '--processes <n|auto>',
    help: 'consumer processes, each with --concurrency fetches; auto: one, and more while they need all of their CPU, up to one less than the machine has cores; serve takes 0 too',
    schema: (t) => t.autoOr(0, 256),
    default: 'auto',
  }),

  dataDir: setting({
    of: 'place',
    group: 'process',
    flags: '--data-dir <path>',
    help: 'the folder for records, logs and the embedded Redis',
    schema: (t) => t.z.string().min(1),
    default: '.drover',
  }),
  store: setting({
    of: 'place',
    group: 'process',
    flags: '--store <url>',
    help: 'where records are kept: file: (the data directory), file:/path, s3://bucket/prefix, or postgres://user@host/database; the crawl keeps it without secrets',
    schema: (t) => t.storeUrl.nullable(),
    default: null,
    secret: true,
  }),
  redisUrl: setting({
    of: 'place',
    group: 'process',
    flags: '--redis <url>',
    help: 'your own Redis instead of the embedded one (also REDIS_URL)',
    schema: (t) =>
      t.z
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
    schema: (t) => t.z.string().regex(/^[A-Za-z0-9._-]{1,64}$/, 'expected letters, digits, dots, dashes'),
    default: 'drover',
    formerly: 'prefix',
  }),

  apiHost: setting({
    of: 'api',
    group: 'api',
    flags: '--host <address>',
    help: 'the address that the API listens on; any address except loopback needs DROVER_API_TOKEN',
    schema: (t) => t.z.string().min(1),
    default: '127.0.0.1',
  }),
  apiPort: setting({
    of: 'api',
    group: 'api',
    flags: '--port <n>',
    help: 'the port that the API listens on; 0 for any free one',
    schema: (t) => t.wholeNumber(0, 65_535),
    default: 3300,
  }),
  apiToken: setting({
    of: 'api',
    group: 'api',
    help: 'bearer tokens of the API, separated by commas; ro: before a token allows only reading',
    schema: (t) => t.apiTokens,
    default: [],
    secret: true,
  }),
  allowHost: setting({
    of: 'api',
    group: 'api',
    flags: '--allow-host <name>',
    help: 'further host names, as browsers write them, under which the API may be called (behind a proxy)',
    schema: (t) =>
      t.plainList(
        t.z
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
    schema: (t) => t.onOrOff,
    default: false,
  }),

  logLevel: setting({
    of: 'command',
    group: 'output',
    flags: '--log-level <level>',
    help: 'what is written to the log: trace, debug, info, warn, error, silent',
    schema: (t) => t.z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
    default: 'info',
  }),
};
