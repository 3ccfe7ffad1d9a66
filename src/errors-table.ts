// The table of all that can go wrong: by layer and code, what it means, what to do, and all that is decided by it.
// docs/errors.md is made from it (npm run docs).

/** What a code decides. Nothing else of drover's has a list of codes. */
export interface Decisions {
  /**
   * What becomes of the request: its answer is `recorded` with this error, it is `refused` unasked, it is a `dead` letter, another consumer has it
   * (`lost`), or what was offered is `left out` and becomes none. Null for what befalls commands and calls of the API alone.
   */
  readonly ends: 'recorded' | 'refused' | 'dead' | 'lost' | 'left out' | null;
  /** Another attempt may get past it: it is tried again while attempts are left. */
  readonly retry: boolean;
  /** It stays until somebody changes the URL, a setting or a certificate: a webhook, which is tried for days, is given up. */
  readonly lasting: boolean;
  /** The host, its name server or the way to it was down; not that it did not want to be asked, nor that one page is broken. */
  readonly hostDown: boolean;
  /** When robots.txt fails so, each page of the host would: its name, its certificate, its address. */
  readonly wholeHost: boolean;
  /** A host that is asked too much fails so: its pace goes down. */
  readonly strain: boolean;
  /** The status with which the API answers; null where it has no call that ends so. */
  readonly status: number | null;
  /** The exit code of a command that it ends: 2 for what its user can put right, 3 for what drover needs and has not. */
  readonly exit: 2 | 3;
}

export interface Sentences {
  /** One sentence: what happened. */
  readonly means: string;
  /** One sentence: what the reader can do. */
  readonly advice: string;
}

type Entry<Shared> = Sentences & Omit<Decisions, keyof Shared> & Partial<Decisions>;

/** The codes of one layer. `shared` holds for each that does not say otherwise; what it leaves open, each must say. */
function layer<Shared extends Partial<Decisions>, Code extends `E_${string}`>(
  shared: Shared,
  codes: Record<Code, Entry<Shared>>,
): Record<Code, Sentences & Decisions> {
  const filled = Object.entries<Entry<Shared>>(codes).map(([code, entry]) => [code, { ...shared, ...entry }]);
  return Object.fromEntries(filled);
}

/** Of what no fetch fails of. */
const NO_FETCH = { retry: false, lasting: false, hostDown: false, wholeHost: false, strain: false } as const;
/** Of what only fetches fail of. */
const OF_FETCHES = { ends: 'dead', status: null, exit: 2 } as const;

export const table = {
  input: layer(
    { ...NO_FETCH, ends: 'left out', lasting: true, status: 400, exit: 2 },
    {
      E_URL_INVALID: {
        means: 'The text is not a URL.',
        advice: 'Give an absolute URL, such as https://example.com/.',
      },
      E_URL_SCHEME: {
        means: 'The URL is neither http nor https.',
        advice: 'Only http: and https: are fetched; remove the line.',
      },
      E_URL_TOO_LONG: {
        means: 'The URL is longer than the limit.',
        advice: 'Raise --max-url-length if it is meant.',
      },
      E_LINE_TOO_LONG: {
        means: 'The line is longer than a request may be.',
        advice: 'Put one URL or one JSON request on each line.',
      },
      E_LINE_ENCODING: {
        means: 'The line is not UTF-8.',
        advice: 'Save the list as UTF-8.',
      },
      E_REQUEST_INVALID: {
        means: 'The request has a field that is unknown or of the wrong kind.',
        advice: 'See the named field; README lists what a request may carry.',
      },
      E_SITEMAP: {
        means: 'Something in a sitemap cannot be read, or leads elsewhere.',
        advice: 'The log names the sitemap and the place.',
      },
    },
  ),

  scope: layer(
    { ...NO_FETCH, ends: 'left out', status: null, exit: 2 },
    {
      E_SCOPE: {
        means: 'The URL lies outside the scope of the crawl.',
        advice: 'Widen --scope or --include, or narrow --exclude.',
      },
      E_DEPTH: {
        means: 'The page is deeper than --depth allows.',
        advice: 'Raise --depth.',
      },
      E_PATH_REPEATS: {
        means: 'One segment stands in its path again and again, as links of a trap do.',
        advice: 'Raise --max-path-repeats if such paths are meant.',
      },
      E_CHAIN: {
        means:
          'It stands at the end of a long row of numbered pages, or of hosts, as in an endless calendar.',
        advice: 'Raise --max-chain if the row is meant.',
      },
      E_LIMIT: {
        means: 'The crawl has accepted as many requests as --limit allows.',
        advice: 'Raise --limit.',
      },
      E_HOST_LIMIT: {
        means: 'The crawl has accepted as many requests of this host as --max-per-host allows.',
        advice: 'Raise --max-per-host.',
      },
      E_CANCELLED: {
        means: 'The crawl was cancelled before this request ran.',
        advice: 'Start a new crawl to fetch it.',
        ends: 'refused',
      },
    },
  ),

  robots: layer(
    { lasting: false, wholeHost: false, strain: false, status: null, exit: 2 },
    {
      E_ROBOTS: {
        means: 'The robots.txt of the host disallows this URL.',
        advice: 'Respect it, or use --ignore-robots on hosts that are yours.',
        ends: 'refused',
        retry: false,
        hostDown: false,
      },
      E_ROBOTS_UNREACHABLE: {
        means: 'The robots.txt of the host cannot be had, which means: disallow all.',
        advice: 'Try again when the host is well.',
        ends: 'dead',
        retry: true,
        hostDown: true,
      },
    },
  ),

  guard: layer(
    {
      ...OF_FETCHES,
      retry: false,
      lasting: true,
      hostDown: false,
      wholeHost: true,
      strain: false,
      status: 400,
    },
    {
      E_SSRF: {
        means: 'The address is private, loopback or otherwise special.',
        advice: 'Allow it with --allow-private CIDR if it is yours.',
      },
    },
  ),

  dns: layer(
    { ...OF_FETCHES, lasting: false, wholeHost: true, strain: false },
    {
      E_DNS_NOT_FOUND: {
        means: 'The name does not exist.',
        advice: 'Check the spelling of the host name.',
        retry: false,
        hostDown: false,
      },
      E_DNS_TEMPORARY: {
        means: 'The name server could not answer now.',
        advice: 'Replay it later; check the name server.',
        retry: true,
        hostDown: true,
      },
      E_DNS_TIMEOUT: {
        means: 'No name server answered in time.',
        advice: 'Check the name server, or raise --timeout-dns.',
        retry: true,
        hostDown: true,
      },
    },
  ),

  connect: layer(
    { ...OF_FETCHES, lasting: false, wholeHost: true },
    {
      E_CONNECT_REFUSED: {
        means: 'Nothing listens on that host and port.',
        advice: 'Check the port; replay when the server is up.',
        retry: true,
        hostDown: true,
        strain: false,
      },
      E_CONNECT_UNREACHABLE: {
        means: 'There is no way to that address.',
        advice: 'Check the network, then replay.',
        retry: true,
        hostDown: true,
        strain: false,
      },
      E_CONNECT_TIMEOUT: {
        means: 'The server did not accept the connection in time.',
        advice: 'Replay later, or raise --timeout-connect.',
        retry: true,
        hostDown: true,
        strain: true,
      },
      E_RESET: {
        means: 'The server closed the connection before it answered.',
        advice: 'Replay; lower --per-host if it happens often.',
        retry: true,
        hostDown: true,
        strain: true,
      },
    },
  ),

  tls: layer(
    { ...OF_FETCHES, wholeHost: true, strain: false },
    {
      E_TLS: {
        means: 'The TLS handshake failed.',
        advice: 'Check the server with openssl s_client.',
        retry: false,
        lasting: false,
        hostDown: false,
      },
      E_TLS_TIMEOUT: {
        means: 'The TLS handshake did not end in time.',
        advice: 'Replay later, or raise --timeout-tls.',
        retry: true,
        lasting: false,
        hostDown: true,
      },
      E_TLS_EXPIRED: {
        means: 'The certificate of the server has expired or is not yet valid.',
        advice: 'The owner of the server must renew it; check your clock.',
        retry: false,
        lasting: true,
        hostDown: false,
      },
      E_TLS_SELF_SIGNED: {
        means: 'The certificate is not signed by an authority that this machine trusts.',
        advice: 'Add the authority with NODE_EXTRA_CA_CERTS if it is yours.',
        retry: false,
        lasting: true,
        hostDown: false,
      },
      E_TLS_WRONG_NAME: {
        means: 'The certificate belongs to another name.',
        advice: 'Use the name that the certificate holds.',
        retry: false,
        lasting: true,
        hostDown: false,
      },
    },
  ),

  send: layer(
    { ...OF_FETCHES, lasting: false, wholeHost: false },
    {
      E_SEND_TIMEOUT: {
        means: 'The server did not take the request in time.',
        advice: 'Replay later, or raise --timeout-send.',
        retry: true,
        hostDown: true,
        strain: false,
      },
    },
  ),

  response: layer(
    { ...OF_FETCHES, lasting: false, wholeHost: false },
    {
      E_RESPONSE_TIMEOUT: {
        means: 'The server sent no complete header in time.',
        advice: 'Replay later, or raise --timeout-response.',
        retry: true,
        hostDown: true,
        strain: true,
      },
    },
  ),

  read: layer(
    { ...OF_FETCHES, lasting: false, wholeHost: false },
    {
      E_READ_TIMEOUT: {
        means: 'The server stopped sending in the middle of the body.',
        advice: 'Replay later, or raise --timeout-read.',
        retry: true,
        hostDown: true,
        strain: true,
      },
    },
  ),

  request: layer(
    { ...OF_FETCHES, lasting: false, wholeHost: false },
    {
      E_REQUEST_TIMEOUT: {
        means: 'The request as a whole, redirects included, took too long.',
        advice: 'Raise --timeout-request for slow servers.',
        retry: true,
        hostDown: false,
        strain: true,
      },
    },
  ),

  http: layer(
    { ...OF_FETCHES, lasting: false, wholeHost: false, strain: false },
    {
      E_HTTP_4XX: {
        means: 'The server refused the request (status 4xx).',
        advice: 'The record holds the answer; correct the request or drop the URL.',
        ends: 'recorded',
        retry: false,
        hostDown: false,
      },
      E_HTTP_5XX: {
        means: 'The server failed (status 5xx).',
        advice: 'Replay when the server is well.',
        retry: true,
        hostDown: true,
      },
      E_HTTP_RETRY: {
        means: 'The server asked to try again (408 or 425).',
        advice: 'Replay later.',
        retry: true,
        hostDown: false,
      },
      E_HTTP_STATUS: {
        means: 'The status is none of 2xx, 4xx or 5xx, and gives no target to follow.',
        advice: 'The record holds the answer.',
        ends: 'recorded',
        retry: false,
        hostDown: false,
      },
      E_HTTP_DEAD_STATUS: {
        means: 'The status is one that --dead-on names.',
        advice: 'Correct the cause and replay.',
        retry: false,
        hostDown: false,
      },
      E_RATE_LIMITED: {
        means: 'The host kept saying that it wants to be asked later, for longer than --max-postponed.',
        advice: 'Slow down with --delay or --per-host, then replay.',
        retry: false,
        hostDown: false,
        wholeHost: true,
      },
      E_HEADERS_TOO_LARGE: {
        means: 'The header of the answer is larger than 64 KiB.',
        advice: 'The server is broken or hostile; drop the URL.',
        retry: false,
        hostDown: false,
      },
      E_PROTOCOL: {
        means: 'The answer is not HTTP.',
        advice: 'Check that the port speaks HTTP, and http or https.',
        retry: false,
        hostDown: false,
      },
      E_REDIRECT_LOOP: {
        means: 'There were more redirects than allowed.',
        advice: 'Look at the chain with curl -IL.',
        retry: false,
        hostDown: false,
      },
      E_REDIRECT_INVALID: {
        means: 'The redirect leads to something that is not an http or https URL.',
        advice: 'The record holds the Location header.',
        retry: false,
        hostDown: false,
      },
    },
  ),

  body: layer(
    { ...OF_FETCHES, lasting: false, hostDown: false, wholeHost: false, strain: false },
    {
      E_BODY_TRUNCATED: {
        means: 'The body ended before all of it had come: the connection did, or the compressed data.',
        advice: 'Replay; the server or a proxy cuts answers off.',
        retry: true,
      },
      E_BODY_CHUNKING: {
        means: 'The chunked encoding of the body is malformed.',
        advice: 'Replay; if it stays, the server is broken.',
        retry: true,
      },
      E_BODY_ENCODING: {
        means: 'The body does not decompress as its Content-Encoding says.',
        advice: 'Replay; if it stays, the server is broken.',
        retry: false,
      },
      E_BODY_CODING: {
        means: 'The body has a Content-Encoding that drover cannot undo.',
        advice: 'Give the request the header "accept-encoding: identity", or drop the URL.',
        retry: false,
      },
      E_TOO_LARGE: {
        means: 'The decoded body is larger than --max-bytes.',
        advice: 'Raise --max-bytes if it is meant.',
        retry: false,
      },
    },
  ),

  queue: layer(
    { ...NO_FETCH, status: null, exit: 2 },
    {
      E_STALLED: {
        means: 'Every consumer that took this request died or froze.',
        advice: 'Look for a page that exhausts memory; replay it alone.',
        ends: 'dead',
      },
      E_LOCK_LOST: {
        means: 'Another consumer has taken this request over.',
        advice: 'Nothing to do; if it happens often, keep the event loop free.',
        ends: 'lost',
      },
      E_QUEUE: {
        means: 'The queue does not hold what it should.',
        advice: 'Run drover doctor.',
        ends: 'dead',
      },
    },
  ),

  redis: layer(
    { ...NO_FETCH, ends: null, status: 503, exit: 3 },
    {
      E_REDIS_MISSING: {
        means: 'There is no redis-server on the PATH.',
        advice: 'Install Redis 6.2 or later, or set REDIS_URL.',
      },
      E_REDIS_VERSION: {
        means: 'The Redis is older than 6.2.',
        advice: 'Install Redis 6.2 or later.',
      },
      E_REDIS_DOWN: {
        means: 'Redis cannot be reached.',
        advice: 'Start it, or correct REDIS_URL.',
      },
      E_REDIS_AUTH: {
        means: 'Redis wants another user or password.',
        advice: 'Put them into REDIS_URL: redis://user:password@host:port.',
      },
      E_REDIS_FORMAT: {
        means: 'What this namespace holds was written by a newer version of drover.',
        advice: 'Use that version here too, or give another namespace with --namespace.',
      },
      E_REDIS_READONLY: {
        means: 'This Redis is a read-only replica.',
        advice: 'Give the address of the primary in REDIS_URL.',
      },
      E_REDIS_EVICTS: {
        means: 'This Redis may evict keys, and so lose requests.',
        advice: 'Set maxmemory-policy noeviction.',
      },
      E_REDIS_MEMORY: {
        means: 'Redis is out of memory.',
        advice: 'Give it more memory; nothing accepted is lost.',
      },
      E_REDIS_START: {
        means: 'The embedded Redis did not start.',
        advice: 'See redis.log in the data directory.',
      },
    },
  ),

  disk: layer(
    { ...NO_FETCH, ends: null, status: 503, exit: 3 },
    {
      E_DATA_DIR: {
        means: 'The data directory cannot be written.',
        advice: 'Give another with --data-dir, or repair its permissions.',
      },
      E_DISK_FULL: {
        means: 'The disk is full.',
        advice: 'Free some space; the same command goes on where it stopped.',
      },
      E_FILE: {
        means: 'The file cannot be read or written.',
        advice: 'Check the path and its permissions.',
        exit: 2, // a file that the command line names is a slip of the user's
      },
    },
  ),

  api: layer(
    { ...NO_FETCH, ends: null, exit: 2 },
    {
      E_AUTH: {
        means: 'There is no valid token in the request.',
        advice: 'Send Authorization: Bearer TOKEN, one of DROVER_API_TOKEN.',
        status: 401,
      },
      E_FORBIDDEN: {
        means: 'The token lets only read.',
        advice: 'Use a token that is not marked ro:.',
        status: 403,
      },
      E_ORIGIN: {
        means:
          'The request comes from a page of another site, or calls the server by a name that is not its own.',
        advice: 'Call it by its address; name others with --allow-host.',
        status: 403,
      },
      E_ROUTE: {
        means: 'There is nothing at this path.',
        advice: 'Look into /openapi.json, which lists what there is.',
        status: 404,
      },
      E_METHOD: {
        means: 'The path does not take this method.',
        advice: 'Look into /openapi.json, which lists what there is.',
        status: 405,
      },
      E_MEDIA_TYPE: {
        means: 'The body is of a kind that is not taken here.',
        advice: 'Send application/json, or application/x-ndjson where requests are taken.',
        status: 415,
      },
      E_FIELD: {
        means: 'A field of the request is missing, unknown or of the wrong kind.',
        advice: 'See the named field and /openapi.json.',
        status: 400,
      },
      E_BODY_SIZE: {
        means: 'The body is larger than this route takes.',
        advice: 'Send many requests as application/x-ndjson, which may be of any length.',
        status: 413,
      },
      E_BODY_SLOW: {
        means: 'The body did not come in time.',
        advice: 'Send it without long breaks.',
        status: 408,
      },
      E_TOO_MANY: {
        means: 'More is asked of the server than it takes at a time.',
        advice: 'Come again after the time that Retry-After names.',
        status: 429,
      },
      E_IDEMPOTENCY: {
        means: 'This Idempotency-Key was used for another body, or its first request is still at work.',
        advice: 'Use a new key for a new body; else come again a little later.',
        status: 409,
      },
      E_LETTER_UNKNOWN: {
        means: 'There is no such dead letter.',
        advice: 'drover dead list shows those that there are.',
        status: 404,
      },
      E_REPLAY_UNKNOWN: {
        means: 'There is no such replay.',
        advice: 'Replays are kept for a week; start another.',
        status: 404,
      },
      E_REQUEST_UNKNOWN: {
        means: 'Nothing is known of a request with this id.',
        advice: 'Ask for its URL with drover explain.',
        status: 404,
      },
      E_STOPPING: {
        means: 'The server is about to stop.',
        advice: 'Ask again, or another one.',
        status: 503,
      },
      E_INTERNAL: {
        means: 'Something went wrong in the server.',
        advice: 'Its log tells more, by the id of the request.',
        status: 500,
      },
      E_LISTEN: {
        means: 'The server cannot listen there.',
        advice: 'Choose another --port or --host, or stop what listens there.',
        status: null,
      },
      E_OPEN_DOOR: {
        means: 'The server would be open to everybody who reaches this address.',
        advice: 'Set DROVER_API_TOKEN, or listen on 127.0.0.1.',
        status: null,
      },
      E_API_DOWN: {
        means: 'The API does not answer, or something else does in its place.',
        advice: 'Start drover serve, or correct the url of the client.',
        status: null,
      },
      E_WEBHOOK: {
        means: 'The webhook cannot be used.',
        advice: 'Set DROVER_WEBHOOK_SECRET for it to be signed, and give a public http:// or https:// URL.',
        status: 400,
      },
    },
  ),

  settings: layer(
    { ...NO_FETCH, ends: null, exit: 2 },
    {
      E_USAGE: {
        means: 'The command line is not understood.',
        advice: 'See drover help.',
        status: 400,
      },
      E_SETTING: {
        means: 'A setting is unknown or has a wrong value.',
        advice: 'docs/settings.md lists them all.',
        status: 400,
      },
      E_CLOSED: {
        means: 'The producer has been closed.',
        advice: 'Make another one with createProducer().',
        status: null,
      },
      E_CRAWL_UNKNOWN: {
        means: 'There is no crawl of that name.',
        advice: 'drover status lists the crawls.',
        status: 404,
      },
      E_CRAWL_ENDED: {
        means: 'The crawl has ended.',
        advice: 'The command that began it begins it anew; drover status lists the crawls.',
        status: 409,
      },
    },
  ),
};
