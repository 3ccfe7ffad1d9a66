// The closed catalogue of what can go wrong: code, layer, what it means, what to do.
// docs/errors.md is held to this table by test/unit/errors.test.ts.

/** Where in a request's life an error arose. */
export type Layer =
  | 'input'
  | 'scope'
  | 'robots'
  | 'guard'
  | 'dns'
  | 'connect'
  | 'tls'
  | 'send'
  | 'response'
  | 'read'
  | 'request'
  | 'http'
  | 'body'
  | 'queue'
  | 'redis'
  | 'disk'
  | 'api'
  | 'settings';

interface CatalogueEntry {
  readonly layer: Layer;
  /** One sentence: what happened. */
  readonly means: string;
  /** One sentence: what the reader can do. */
  readonly advice: string;
}

const entry = (layer: Layer, means: string, advice: string): CatalogueEntry => ({ layer, means, advice });

export const catalogue = {
  E_URL_INVALID: entry(
    'input',
    'The text is not a URL.',
    'Give an absolute URL, such as https://example.com/.',
  ),
  E_URL_SCHEME: entry(
    'input',
    'The URL is neither http nor https.',
    'Only http: and https: are fetched; remove the line.',
  ),
  E_URL_TOO_LONG: entry(
    'input',
    'The URL is longer than the limit.',
    'Raise --max-url-length if it is meant.',
  ),
  E_LINE_TOO_LONG: entry(
    'input',
    'The line is longer than a request may be.',
    'Put one URL or one JSON request on each line.',
  ),
  E_LINE_ENCODING: entry('input', 'The line is not UTF-8.', 'Save the list as UTF-8.'),
  E_REQUEST_INVALID: entry(
    'input',
    'The request has a field that is unknown or of the wrong kind.',
    'See the named field; README lists what a request may carry.',
  ),

  E_SITEMAP: entry(
    'input',
    'Something in a sitemap cannot be read, or leads elsewhere.',
    'The log names the sitemap and the place.',
  ),

  E_SCOPE: entry(
    'scope',
    'The URL lies outside the scope of the crawl.',
    'Widen --scope or --include, or narrow --exclude.',
  ),
  E_DEPTH: entry('scope', 'The page is deeper than --depth allows.', 'Raise --depth.'),
  E_PATH_REPEATS: entry(
    'scope',
    'One segment stands in its path again and again, as links of a trap do.',
    'Raise --max-path-repeats if such paths are meant.',
  ),
  E_CHAIN: entry(
    'scope',
    'It stands at the end of a long row of numbered pages, or of hosts, as in an endless calendar.',
    'Raise --max-chain if the row is meant.',
  ),
  E_LIMIT: entry('scope', 'The crawl has accepted as many requests as --limit allows.', 'Raise --limit.'),
  E_HOST_LIMIT: entry(
    'scope',
    'The crawl has accepted as many requests of this host as --max-per-host allows.',
    'Raise --max-per-host.',
  ),
  E_CANCELLED: entry(
    'scope',
    'The crawl was cancelled before this request ran.',
    'Start a new crawl to fetch it.',
  ),

  E_ROBOTS: entry(
    'robots',
    'The robots.txt of the host disallows this URL.',
    'Respect it, or use --ignore-robots on hosts that are yours.',
  ),
  E_ROBOTS_UNREACHABLE: entry(
    'robots',
    'The robots.txt of the host cannot be had, which means: disallow all.',
    'Try again when the host is well.',
  ),

  E_SSRF: entry(
    'guard',
    'The address is private, loopback or otherwise special.',
    'Allow it with --allow-private CIDR if it is yours.',
  ),

  E_DNS_NOT_FOUND: entry('dns', 'The name does not exist.', 'Check the spelling of the host name.'),
  E_DNS_TEMPORARY: entry(
    'dns',
    'The name server could not answer now.',
    'Replay it later; check the name server.',
  ),
  E_DNS_TIMEOUT: entry(
    'dns',
    'No name server answered in time.',
    'Check the name server, or raise --timeout-dns.',
  ),

  E_CONNECT_REFUSED: entry(
    'connect',
    'Nothing listens on that host and port.',
    'Check the port; replay when the server is up.',
  ),
  E_CONNECT_UNREACHABLE: entry(
    'connect',
    'There is no way to that address.',
    'Check the network, then replay.',
  ),
  E_CONNECT_TIMEOUT: entry(
    'connect',
    'The server did not accept the connection in time.',
    'Replay later, or raise --timeout-connect.',
  ),
  E_RESET: entry(
    'connect',
    'The server closed the connection before it answered.',
    'Replay; lower --per-host if it happens often.',
  ),

  E_TLS: entry('tls', 'The TLS handshake failed.', 'Check the server with openssl s_client.'),
  E_TLS_TIMEOUT: entry(
    'tls',
    'The TLS handshake did not end in time.',
    'Replay later, or raise --timeout-tls.',
  ),
  E_TLS_EXPIRED: entry(
    'tls',
    'The certificate of the server has expired or is not yet valid.',
    'The owner of the server must renew it; check your clock.',
  ),
  E_TLS_SELF_SIGNED: entry(
    'tls',
    'The certificate is not signed by an authority that this machine trusts.',
    'Add the authority with NODE_EXTRA_CA_CERTS if it is yours.',
  ),
  E_TLS_WRONG_NAME: entry(
    'tls',
    'The certificate belongs to another name.',
    'Use the name that the certificate holds.',
  ),

  E_SEND_TIMEOUT: entry(
    'send',
    'The server did not take the request in time.',
    'Replay later, or raise --timeout-send.',
  ),
  E_RESPONSE_TIMEOUT: entry(
    'response',
    'The server sent no complete header in time.',
    'Replay later, or raise --timeout-response.',
  ),
  E_READ_TIMEOUT: entry(
    'read',
    'The server stopped sending in the middle of the body.',
    'Replay later, or raise --timeout-read.',
  ),
  E_REQUEST_TIMEOUT: entry(
    'request',
    'The request as a whole, redirects included, took too long.',
    'Raise --timeout-request for slow servers.',
  ),

  E_HTTP_4XX: entry(
    'http',
    'The server refused the request (status 4xx).',
    'The record holds the answer; correct the request or drop the URL.',
  ),
  E_HTTP_5XX: entry('http', 'The server failed (status 5xx).', 'Replay when the server is well.'),
  E_HTTP_RETRY: entry('http', 'The server asked to try again (408 or 425).', 'Replay later.'),
  E_HTTP_STATUS: entry(
    'http',
    'The status is none of 2xx, 4xx or 5xx, and gives no target to follow.',
    'The record holds the answer.',
  ),
  E_HTTP_DEAD_STATUS: entry(
    'http',
    'The status is one that --dead-on names.',
    'Correct the cause and replay.',
  ),
  E_RATE_LIMITED: entry(
    'http',
    'The host kept answering 429 or 503 for longer than --max-postponed.',
    'Slow down with --delay or --per-host, then replay.',
  ),
  E_HEADERS_TOO_LARGE: entry(
    'http',
    'The header of the answer is larger than 64 KiB.',
    'The server is broken or hostile; drop the URL.',
  ),
  E_PROTOCOL: entry('http', 'The answer is not HTTP.', 'Check that the port speaks HTTP, and http or https.'),
  E_REDIRECT_LOOP: entry(
    'http',
    'There were more redirects than allowed.',
    'Look at the chain with curl -IL.',
  ),
  E_REDIRECT_INVALID: entry(
    'http',
    'The redirect leads to something that is not an http or https URL.',
    'The record holds the Location header.',
  ),

  E_BODY_TRUNCATED: entry(
    'body',
    'The connection ended before the whole body came.',
    'Replay; the server or a proxy cuts answers off.',
  ),
  E_BODY_CHUNKING: entry(
    'body',
    'The chunked encoding of the body is malformed.',
    'Replay; if it stays, the server is broken.',
  ),
  E_BODY_ENCODING: entry(
    'body',
    'The body does not decompress as its Content-Encoding says.',
    'Replay; if it stays, the server is broken.',
  ),
  E_TOO_LARGE: entry(
    'body',
    'The decoded body is larger than --max-bytes.',
    'Raise --max-bytes if it is meant.',
  ),

  E_STALLED: entry(
    'queue',
    'Every consumer that took this request died or froze.',
    'Look for a page that exhausts memory; replay it alone.',
  ),
  E_LOCK_LOST: entry(
    'queue',
    'Another consumer has taken this request over.',
    'Nothing to do; if it happens often, keep the event loop free.',
  ),
  E_QUEUE: entry('queue', 'The queue does not hold what it should.', 'Run drover doctor.'),

  E_REDIS_MISSING: entry(
    'redis',
    'There is no redis-server on the PATH.',
    'Install Redis 6.2 or later, or set REDIS_URL.',
  ),
  E_REDIS_VERSION: entry('redis', 'The Redis is older than 6.2.', 'Install Redis 6.2 or later.'),
  E_REDIS_DOWN: entry('redis', 'Redis cannot be reached.', 'Start it, or correct REDIS_URL.'),
  E_REDIS_AUTH: entry(
    'redis',
    'Redis wants another user or password.',
    'Put them into REDIS_URL: redis://user:password@host:port.',
  ),
  E_REDIS_READONLY: entry(
    'redis',
    'This Redis is a read-only replica.',
    'Give the address of the primary in REDIS_URL.',
  ),
  E_REDIS_EVICTS: entry(
    'redis',
    'This Redis may evict keys, and so lose requests.',
    'Set maxmemory-policy noeviction.',
  ),
  E_REDIS_MEMORY: entry('redis', 'Redis is out of memory.', 'Give it more memory; nothing accepted is lost.'),
  E_REDIS_START: entry('redis', 'The embedded Redis did not start.', 'See redis.log in the data directory.'),
  E_DATA_DIR: entry(
    'disk',
    'The data directory cannot be written.',
    'Give another with --data-dir, or repair its permissions.',
  ),
  E_DISK_FULL: entry(
    'disk',
    'The disk is full.',
    'Free some space; the same command goes on where it stopped.',
  ),
  E_FILE: entry('disk', 'The file cannot be read or written.', 'Check the path and its permissions.'),

  E_AUTH: entry(
    'api',
    'There is no valid token in the request.',
    'Send Authorization: Bearer TOKEN, one of DROVER_API_TOKEN.',
  ),
  E_FORBIDDEN: entry('api', 'The token lets only read.', 'Use a token that is not marked ro:.'),
  E_ORIGIN: entry(
    'api',
    'The request comes from a page of another site, or calls the server by a name that is not its own.',
    'Call it by its address; name others with --allow-host.',
  ),
  E_ROUTE: entry(
    'api',
    'There is nothing at this path.',
    'Look into /openapi.json, which lists what there is.',
  ),
  E_METHOD: entry(
    'api',
    'The path does not take this method.',
    'Look into /openapi.json, which lists what there is.',
  ),
  E_MEDIA_TYPE: entry(
    'api',
    'The body is of a kind that is not taken here.',
    'Send application/json, or application/x-ndjson where requests are taken.',
  ),
  E_FIELD: entry(
    'api',
    'A field of the request is missing, unknown or of the wrong kind.',
    'See the named field and /openapi.json.',
  ),
  E_BODY_SIZE: entry(
    'api',
    'The body is larger than this route takes.',
    'Send many requests as application/x-ndjson, which may be of any length.',
  ),
  E_BODY_SLOW: entry('api', 'The body did not come in time.', 'Send it without long breaks.'),
  E_TOO_MANY: entry(
    'api',
    'More is asked of the server than it takes at a time.',
    'Come again after the time that Retry-After names.',
  ),
  E_IDEMPOTENCY: entry(
    'api',
    'This Idempotency-Key was used for another body, or its first request is still at work.',
    'Use a new key for a new body; else come again a little later.',
  ),
  E_LETTER_UNKNOWN: entry(
    'api',
    'There is no such dead letter.',
    'drover dead list shows those that there are.',
  ),
  E_REPLAY_UNKNOWN: entry('api', 'There is no such replay.', 'Replays are kept for a week; start another.'),
  E_REQUEST_UNKNOWN: entry(
    'api',
    'Nothing is known of a request with this id.',
    'Ask for its URL with drover explain.',
  ),
  E_STOPPING: entry('api', 'The server is about to stop.', 'Ask again, or another one.'),
  E_INTERNAL: entry(
    'api',
    'Something went wrong in the server.',
    'Its log tells more, by the id of the request.',
  ),
  E_LISTEN: entry(
    'api',
    'The server cannot listen there.',
    'Choose another --port or --host, or stop what listens there.',
  ),
  E_OPEN_DOOR: entry(
    'api',
    'The server would be open to everybody who reaches this address.',
    'Set DROVER_API_TOKEN, or listen on 127.0.0.1.',
  ),
  E_API_DOWN: entry(
    'api',
    'The API does not answer, or something else does in its place.',
    'Start drover serve, or correct the url of the client.',
  ),
  E_WEBHOOK: entry(
    'api',
    'The webhook cannot be used.',
    'Set DROVER_WEBHOOK_SECRET for it to be signed, and give a public http:// or https:// URL.',
  ),

  E_USAGE: entry('settings', 'The command line is not understood.', 'See drover help.'),
  E_SETTING: entry(
    'settings',
    'A setting is unknown or has a wrong value.',
    'docs/settings.md lists them all.',
  ),
  E_CLOSED: entry('settings', 'The producer has been closed.', 'Make another one with createProducer().'),
  E_CRAWL_UNKNOWN: entry('settings', 'There is no crawl of that name.', 'drover status lists the crawls.'),
  E_CRAWL_ENDED: entry(
    'settings',
    'The crawl has ended.',
    'The command that began it begins it anew; drover status lists the crawls.',
  ),
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof catalogue;

/** What a record, a dead letter or a refused line says of its error. */
export interface Failure {
  readonly code: ErrorCode;
  readonly layer: Layer;
  readonly message: string;
}

/** An expected failure as a value. `detail` follows the catalogue's sentence; never put secrets into it. */
export function failure(code: ErrorCode, detail?: string): Failure {
  const { layer, means } = catalogue[code];
  return { code, layer, message: detail ? `${means} ${detail}` : means };
}

/** What must not happen, or stops a command: carries a stable code and the original as `cause`. */
export class DroverError extends Error {
  override readonly name = 'DroverError';
  readonly code: ErrorCode;
  readonly detail: string;

  constructor(code: ErrorCode, detail = '', options?: ErrorOptions) {
    super(detail ? `${catalogue[code].means} ${detail}` : catalogue[code].means, options);
    this.code = code;
    this.detail = detail;
  }

  get layer(): Layer {
    return catalogue[this.code].layer;
  }

  get advice(): string {
    return catalogue[this.code].advice;
  }
}
