// The table of all errors: by layer and code, what each means, what to do, and everything that depends on it.
// docs/errors.md is made from it (npm run docs).

/** What depends on a code. No other file has a list of codes. */
export interface Decisions {
  /**
   * What happens to the request. `recorded`: its answer is recorded with this error. `refused`: it is not
   * fetched. `dead`: it becomes a dead letter. `lost`: another consumer has it. `left out`: what was offered
   * becomes no request. Null for errors that only commands and API calls have.
   */
  readonly ends: 'recorded' | 'refused' | 'dead' | 'lost' | 'left out' | null;
  /** Another attempt may succeed: it is tried again while attempts are left. */
  readonly retry: boolean;
  /**
   * It stays until somebody changes the URL, a setting or a certificate. A webhook, which is otherwise tried
   * for hours, is given up.
   */
  readonly lasting: boolean;
  /**
   * The host, its name server or the network was down. False when the host refused to answer, or when only
   * one page is broken.
   */
  readonly hostDown: boolean;
  /**
   * When robots.txt fails like this, every page of the host would: its name, certificate or address is wrong.
   */
  readonly wholeHost: boolean;
  /** A host that gets too many requests fails like this, so its pace goes down. */
  readonly strain: boolean;
  /** A link to it is broken. Of any other error, the page may be there. */
  readonly brokenLink?: boolean;
  /**
   * It tells what has become of the page: another answer, or that it is gone. After any other error, the page
   * may be as it was.
   */
  readonly tellsOfPage?: true;
  /**
   * A state of Redis or of the store that passes without a change of drover's settings: whoever is at work
   * waits for its end.
   */
  readonly passes?: true;
  /** What the operator can do about it is said with it while crawls go on. */
  readonly advised?: true;
  /** What it tells of the proxy between, if it does not tell that the proxy has worked. */
  readonly ofProxy?: 'unreachable' | 'login' | 'refused' | 'slow' | 'unknown';
  /** The status with which the API answers; null when no call ends with this code. */
  readonly status: number | null;
  /**
   * The exit code of a command: 2 when its user can correct the error, 3 when something is missing that
   * drover needs.
   */
  readonly exit: 2 | 3;
}

export interface Sentences {
  /** One sentence: what happened. */
  readonly means: string;
  /** One sentence: what the reader can do. */
  readonly advice: string;
}

type Entry<Shared> = Sentences & Omit<Decisions, keyof Shared> & Partial<Decisions>;

/**
 * The codes of one layer. `shared` holds for every code that has no value of its own. What it leaves out,
 * every code must say.
 */
function layer<Shared extends Partial<Decisions>, Code extends `E_${string}`>(
  shared: Shared,
  codes: Record<Code, Entry<Shared>>,
): Record<Code, Sentences & Decisions> {
  const filled = Object.entries<Entry<Shared>>(codes).map(([code, entry]) => [code, { ...shared, ...entry }]);
  return Object.fromEntries(filled);
}

/** For codes that are never the failure of a fetch. */
const NO_FETCH = { retry: false, lasting: false, hostDown: false, wholeHost: false, strain: false } as const;
/** For codes that are only failures of fetches. */
const OF_FETCHES = { ends: 'dead', status: null, exit: 2, brokenLink: true } as const;

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
        advice: 'Raise --max-url-length if you want such URLs.',
      },
      E_LINE_TOO_LONG: {
        means: 'The line is too long for a request.',
        advice: 'Put one URL or one JSON request on each line.',
      },
      E_LINE_ENCODING: {
        means: 'The line is not UTF-8.',
        advice: 'Save the list as UTF-8.',
      },
      E_REQUEST_INVALID: {
        means: 'The request has a field that is unknown or of the wrong kind.',
        advice: 'See the named field; README lists what a request may carry.',
        ofProxy: 'unknown',
      },
      E_SITEMAP: {
        means: 'A part of a sitemap cannot be read, or leads to another host.',
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
        means: 'The path repeats one segment too often, as in a trap for crawlers.',
        advice: 'Raise --max-path-repeats if you want such paths.',
      },
      E_CHAIN: {
        means: 'The URL ends a long chain of numbered pages or hosts, as in an endless calendar.',
        advice: 'Raise --max-chain if you want the whole chain.',
      },
      E_ALIKE: {
        means:
          'The page with the link ends a chain of numbered pages whose texts differ in digits only, as in an endless calendar.',
        advice: 'Raise --max-alike if you want the whole chain, or set it to 0.',
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
        advice: 'Respect it, or use --ignore-robots on your own hosts.',
        ends: 'refused',
        retry: false,
        hostDown: false,
      },
      E_RESERVED: {
        means: 'The site reserves its content against a purpose of the crawl (--purpose).',
        advice:
          'Get leave or a licence from the site; without that --purpose, pages are kept with what is reserved in usage.',
        ends: 'refused',
        retry: false,
        hostDown: false,
      },
      E_ROBOTS_UNREACHABLE: {
        means: 'The robots.txt of the host could not be fetched, which means: disallow all.',
        advice: 'Replay when the host works again.',
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
      brokenLink: false,
    },
    {
      E_SSRF: {
        means: 'The address is private, loopback or otherwise special.',
        advice: 'Allow it with --allow-private CIDR if the network is yours.',
        ofProxy: 'unknown',
      },
      E_PORT: {
        means: 'The port is that of another service, such as mail, and browsers refuse it.',
        advice: 'Allow it with --allow-port PORT if a web server of yours is there.',
        wholeHost: false,
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
        tellsOfPage: true,
        ofProxy: 'unknown',
      },
      E_DNS_TEMPORARY: {
        means: 'The name server could not answer now.',
        advice: 'Replay it later; check the name server.',
        retry: true,
        hostDown: true,
        ofProxy: 'unknown',
      },
      E_DNS_TIMEOUT: {
        means: 'No name server answered in time.',
        advice: 'Check the name server, or raise --timeout-dns.',
        retry: true,
        hostDown: true,
        ofProxy: 'unknown',
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
        means: 'The network has no route to that address.',
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
        ofProxy: 'slow',
      },
      E_RESET: {
        means: 'The server closed the connection before it answered.',
        advice: 'Replay; lower --per-host if this happens often.',
        retry: true,
        hostDown: true,
        strain: true,
      },
    },
  ),

  // What a proxy does says nothing about the page, nor about the pace that its host can bear.
  proxy: layer(
    { ...OF_FETCHES, lasting: false, wholeHost: false, strain: false, brokenLink: false, advised: true },
    {
      E_PROXY_CONNECT: {
        means: 'The proxy cannot be reached.',
        advice: 'Start the proxy, or correct its address; drover proxies shows how each one stands.',
        retry: true,
        hostDown: true,
        ofProxy: 'unreachable',
      },
      E_PROXY_AUTH: {
        means: 'The proxy does not accept the user or password.',
        advice:
          'Correct them in --proxy, DROVER_PROXY, the list or HTTP_PROXY; write @ : / # % in them as %40 and so on.',
        retry: true,
        hostDown: true,
        ofProxy: 'login',
      },
      E_PROXY_REFUSED: {
        means: 'The proxy did not make the connection to the server.',
        advice:
          'Status 403: a rule of the proxy, often its list of ports (docs/network/PROXIES.md). 5xx: it cannot reach the server either.',
        retry: true,
        hostDown: true,
        ofProxy: 'refused',
      },
      E_PROXY_CHOICE: {
        means: 'The function that chooses the proxy failed.',
        advice: 'Correct proxy in drover.config.ts: it returns the URL of a proxy, or null for none.',
        retry: false,
        hostDown: false,
      },
    },
  ),

  render: layer(
    { ...OF_FETCHES, lasting: false, hostDown: false, wholeHost: false, strain: false, brokenLink: false },
    {
      E_RENDER_NONE: {
        means: 'Pages are to be made by a browser, and there is none here.',
        advice:
          'Install Chromium (Debian: apt-get install chromium-headless-shell), or name one with --browser; see drover doctor.',
        retry: false,
        ends: null,
      },
      E_RENDER_START: {
        means: 'The browser cannot be started.',
        advice: 'Start it by hand to see why; docs/network/RENDER.md says what it needs in containers.',
        retry: false,
        ends: null,
      },
      E_RENDER_CRASHED: {
        means: 'The page, or the browser that made it, has crashed.',
        advice: 'Look at the page in a Chromium; leave it out with render: false if it crashes there too.',
        retry: true,
      },
      E_RENDER_TIMEOUT: {
        means: 'The page in the browser did not let itself be read in time.',
        advice: 'Its scripts may run without end; raise --timeout-render if they only need more time.',
        retry: true,
      },
      E_RENDER_FAILED: {
        means: 'The browser could not make the page.',
        advice: 'See the detail; the page is there as it was fetched, without --render.',
        retry: true,
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
        advice: 'Add the authority with NODE_EXTRA_CA_CERTS if you trust it.',
        retry: false,
        lasting: true,
        hostDown: false,
      },
      E_TLS_WRONG_NAME: {
        means: 'The certificate belongs to another name.',
        advice: 'Use the name that is in the certificate.',
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
        means: 'The server did not read the request in time.',
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
        means: 'The server stopped in the middle of the body.',
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
        ofProxy: 'unknown',
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
        tellsOfPage: true,
      },
      E_CHALLENGE: {
        means: 'In place of the page came a check that lets in browsers or people, and no robots.',
        advice:
          'Asking again changes nothing; ask the site to let drover in, by its user agent or its address.',
        ends: 'recorded',
        retry: false,
        brokenLink: false,
        hostDown: false,
      },
      E_PAYMENT: {
        means: 'The page has a price.',
        advice:
          'See --max-price and --max-spend; or agree with the site, send what it gives you with --header, or drop the URL.',
        ends: 'recorded',
        retry: false,
        brokenLink: false,
        hostDown: false,
      },
      E_LOGIN: {
        means: 'The session of the page could not be logged in.',
        advice:
          'Correct the login, its secrets or --logged-out as the message says, then replay after a minute (docs/network/SESSIONS.md).',
        ends: 'dead',
        retry: false,
        brokenLink: false,
        hostDown: false,
      },
      E_LICENSE: {
        means: 'The page is given only under a licence.',
        advice:
          'Get a token where the Link header or the body of the record says, and send it with --header.',
        ends: 'recorded',
        retry: false,
        brokenLink: false,
        hostDown: false,
      },
      E_HTTP_5XX: {
        means: 'The server failed (status 5xx).',
        advice: 'Replay when the server works again.',
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
        means: 'The status is not 2xx, 4xx or 5xx, and names no URL to follow.',
        advice: 'The record holds the answer.',
        ends: 'recorded',
        retry: false,
        brokenLink: false,
        hostDown: false,
        tellsOfPage: true,
      },
      E_HTTP_DEAD_STATUS: {
        means: 'The status is one that --dead-on names.',
        advice: 'Correct the cause and replay.',
        retry: false,
        hostDown: false,
        tellsOfPage: true,
      },
      E_RATE_LIMITED: {
        means: 'The host has asked to come later.',
        advice:
          'A crawl waits as long as --max-postponed. Slow down with --delay or --per-host, then replay.',
        retry: false,
        brokenLink: false,
        hostDown: false,
        wholeHost: true,
        ofProxy: 'unknown',
      },
      E_HEADERS_TOO_LARGE: {
        means: 'The header of the answer is larger than 64 KiB.',
        advice: 'The server is broken or hostile; drop the URL.',
        retry: false,
        hostDown: false,
      },
      E_PROTOCOL: {
        means: 'The answer is not HTTP, or its header can be read in more than one way.',
        advice: 'Check that the port speaks HTTP, and http or https; look at the header with curl -i.',
        retry: false,
        hostDown: false,
      },
      E_REDIRECT_LOOP: {
        means: 'There were more redirects than allowed.',
        advice: 'Look at the chain with curl -IL.',
        retry: false,
        hostDown: false,
        tellsOfPage: true,
      },
      E_REDIRECT_INVALID: {
        means: 'The redirect does not lead to an http or https URL.',
        advice: 'The record holds the Location header.',
        retry: false,
        hostDown: false,
        tellsOfPage: true,
      },
    },
  ),

  body: layer(
    { ...OF_FETCHES, lasting: false, hostDown: false, wholeHost: false, strain: false, brokenLink: false },
    {
      E_BODY_TRUNCATED: {
        means: 'The body ended before all of it had come: the connection did, or the compressed data.',
        advice: 'Replay; a server or proxy has cut the answer off.',
        retry: true,
      },
      E_BODY_CHUNKING: {
        means: 'The chunked encoding of the body is malformed.',
        advice: 'Replay; if it fails again, the server is broken.',
        retry: true,
      },
      E_BODY_ENCODING: {
        means: 'The body cannot be decompressed with its Content-Encoding.',
        advice: 'Replay; if it fails again, the server is broken.',
        retry: false,
      },
      E_BODY_CODING: {
        means: 'The body has a Content-Encoding that drover cannot undo.',
        advice: 'Give the request the header "accept-encoding: identity", or drop the URL.',
        retry: false,
      },
      E_TOO_LARGE: {
        means: 'The decoded body is larger than --max-bytes.',
        advice: 'Raise --max-bytes if you want such bodies.',
        retry: false,
      },
    },
  ),

  handler: layer(
    { ...NO_FETCH, ends: 'dead', status: null, exit: 2 },
    {
      E_HANDLER: {
        means: 'The handler threw an error.',
        advice:
          'Correct the handler at the named line, then replay; drover try shows it at work on one page.',
        retry: true,
      },
      E_HANDLER_TIMEOUT: {
        means: 'The handler did not end in time.',
        advice: 'Look for a promise that never settles, or raise timeoutMs of the handler; then replay.',
        retry: true,
      },
      E_HANDLER_THREAD: {
        means: 'The thread or process of the handler ended before the handler did.',
        advice:
          'Correct what ended it, such as process.exit(); what crashes natively needs isolate: process. Then replay.',
        retry: true,
      },
      E_HANDLER_MEMORY: {
        means: 'The handler used more memory than a thread may.',
        advice: 'Keep less of a page at a time, or raise --thread-memory; then replay.',
        retry: true,
      },
      E_HANDLER_LATER: {
        means: 'The handler asked to come again later (RetryAfter).',
        advice: 'Raise --attempts if such pages become dead letters, then replay.',
        retry: true,
      },
      E_HANDLER_ITEM: {
        means: 'The handler emitted an item that is not as its schema says.',
        advice: 'Correct the handler or its schema, then replay.',
      },
      E_HANDLER_REQUEST: {
        means: 'The handler enqueued something that is no request.',
        advice: 'Enqueue URLs, requests as docs/HANDLERS.md shows them, or a CSS selector; then replay.',
      },
      E_HANDLER_LIMIT: {
        means: 'The handler emitted or enqueued more than one page may.',
        advice: 'Look for a loop in the handler, or spread the work over several pages; then replay.',
      },
      E_HANDLER_PAGE: {
        means: 'The page is too large or nested too deeply to be parsed for a handler.',
        advice: 'Use page.text or page.bytes for such pages, or leave them out with match.',
      },
      E_HANDLER_FETCH: {
        means: 'A fetch of the handler failed, and the handler did not catch it.',
        advice: 'Look up the code in the message; then replay. It is tried again if that code is.',
        retry: true,
      },
      E_HANDLER_SLOT: {
        means: 'A fetch of the handler could not start within the time limit of its page.',
        advice:
          'Ask drover hosts what holds the host back; raise timeoutMs of the handler if it is only slow.',
        retry: true,
      },
      E_HANDLER_FATAL: {
        means: 'The handler gave the request up (Fatal).',
        advice: 'The message is from the handler; replay when its cause is gone.',
      },
      E_HANDLER_DISCARD: {
        means: 'The handler has no use for the page (Discard).',
        advice: 'Nothing to do: the record holds the answer, and no items.',
        ends: 'recorded',
      },
      E_HANDLER_REFUSED: {
        means: 'The handler does not want this URL to be fetched (Discard in before).',
        advice: 'Nothing to do.',
        ends: 'refused',
      },
      E_HANDLER_FILE: {
        means: 'The handlers cannot be loaded.',
        advice: 'Correct the named file; docs/HANDLERS.md shows what a handler file looks like.',
        ends: null,
      },
    },
  ),

  queue: layer(
    { ...NO_FETCH, status: null, exit: 2 },
    {
      E_STALLED: {
        means:
          'The consumer that fetched this request died or froze each time, at last with nothing else in flight.',
        advice: 'Look for a page that exhausts memory (--max-bytes), then replay it.',
        ends: 'dead',
      },
      E_LOCK_LOST: {
        means: 'Another consumer has taken this request over.',
        advice: 'Nothing to do; if this happens often, keep the event loop free.',
        ends: 'lost',
        ofProxy: 'unknown',
      },
      E_CONSUMER_ENDED: {
        means: 'A consumer process has died again and again.',
        advice:
          'Correct what it said. If it was killed, it may lack memory: fewer --processes or a smaller --concurrency need less.',
        ends: null,
      },
      E_QUEUE: {
        means: 'The queue holds something unexpected.',
        advice: 'Keep other programs out of this namespace, or give drover another with --namespace.',
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
        means: 'This Redis is older than 6.2.',
        advice: 'Install Redis 6.2 or later.',
      },
      E_REDIS_DOWN: {
        means: 'Redis cannot be reached.',
        advice: 'Start it, or correct REDIS_URL.',
        passes: true,
      },
      E_REDIS_AUTH: {
        means: 'Redis does not accept the user or password.',
        advice: 'Put the right ones into REDIS_URL: redis://user:password@host:port.',
      },
      E_REDIS_RIGHTS: {
        means: 'The Redis user may not do what drover needs.',
        advice: 'Let an administrator of Redis run the ACL SETUSER line, or put another user into REDIS_URL.',
      },
      E_REDIS_TLS: {
        means: 'The TLS connection to Redis failed.',
        advice: 'Correct REDIS_URL as the message says; rediss:// speaks TLS, redis:// does not.',
      },
      E_REDIS_PROTOCOL: {
        means: 'What answers at the address of Redis is no Redis.',
        advice: 'Put host and port of a Redis into REDIS_URL; rediss:// speaks TLS.',
      },
      E_REDIS_CLUSTER: {
        means: 'The address and the Redis disagree on whether it is a Redis Cluster.',
        advice: 'Write redis+cluster://host:port,host:port for a Cluster, redis://host:port for any other.',
      },
      E_REDIS_SENTINEL: {
        means: 'The address does not lead from Sentinels to a primary.',
        advice: 'Write redis+sentinel://host:26379,host:26379/NAME, with a name that SENTINEL MASTERS shows.',
      },
      E_REDIS_FAILOVER: {
        means: 'The primary is another one soon, or its keys are being moved.',
        advice: 'Wait: drover looks for the new primary and goes on by itself.',
        passes: true,
      },
      E_REDIS_REPLICA: {
        means: 'No replica has what --durability replica wants to have there.',
        advice: 'Start a replica, or correct its connection; drover goes on by itself.',
        passes: true,
      },
      E_REDIS_LUA: {
        means: 'This server cannot run Lua scripts.',
        advice:
          'Use a server with Lua; to Valkey, load its Lua module (loadmodule /path/to/libvalkeylua.so).',
      },
      E_REDIS_COMMAND: {
        means: 'This server lacks a command that drover needs.',
        advice: 'Remove its rename-command line, or use Redis 6.2 or later, or Valkey.',
      },
      E_REDIS_BUSY: {
        means: 'Redis is there but cannot answer now.',
        advice:
          'Wait: what runs goes on by itself, and a command that has ended can be given again. SCRIPT KILL ends a script that keeps Redis busy.',
        passes: true,
      },
      E_REDIS_REFUSES: {
        means: 'Redis refuses to write.',
        advice: 'Repair what Redis says; drover goes on by itself, and no accepted request is lost.',
        passes: true,
      },
      E_REDIS_FORMAT: {
        means: 'A newer version of drover has written this namespace.',
        advice: 'Use that version here too, or another namespace with --namespace.',
      },
      E_RESTORING: {
        means: 'A backup is being restored into this namespace, or a restore was cut off.',
        advice: 'Wait until drover restore has ended. If it was cut off, give it again.',
      },
      E_RESHARDING: {
        means: 'The namespace is being spread over another number of shards, or that was cut off.',
        advice: 'Wait until drover reshard has ended. If it was cut off, give the same command again.',
      },
      E_NOT_AT_REST: {
        means: 'The namespace is in use.',
        advice:
          'Stop its consumers, servers and programs (drover fleet shows them), let its replays end, and give the command again.',
        exit: 2,
      },
      E_SHARDS: {
        means: 'The namespace has another number of shards than was asked for.',
        advice: 'Leave --shards out, or use another namespace. drover reshard changes the number at rest.',
        exit: 2,
      },
      E_NAMESPACE_USED: {
        means: 'The namespace is not empty, or is in use.',
        advice:
          'Restore into an empty one with --namespace, or replace what is there with --force once its consumers are stopped.',
        exit: 2,
      },
      E_BACKUP_NEWER: {
        means: 'This Redis is too old for the backup.',
        advice: 'Restore into the version of Redis that the backup was made of, or a later one.',
      },
      E_BACKUP_UNSTEADY: {
        means: 'The namespace could not be copied as it is at one moment.',
        advice: 'Give the command again; if it fails again, stop the consumers meanwhile.',
      },
      E_REDIS_READONLY: {
        means: 'This Redis is a read-only replica.',
        advice: 'Give the address of the primary in REDIS_URL, or of its Sentinels: redis+sentinel://.',
      },
      E_REDIS_EVICTS: {
        means: 'This Redis may evict keys, and so lose requests.',
        advice: 'Set maxmemory-policy noeviction.',
      },
      E_REDIS_MEMORY: {
        means: 'Redis is out of memory.',
        advice: 'Give it more memory; no accepted request is lost.',
        passes: true,
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
        advice: 'Free some space, then repeat the command: it goes on where it stopped.',
      },
      E_RECORDS_MISSING: {
        means: 'Not all records of the crawl are in the store that is read.',
        advice:
          'Give all consumers one store (--store), or copy the named folders into records/ of this data directory.',
        status: 409,
      },
      E_WARC_MISSING: {
        means: 'Not all WARC files of the crawl are in the directory that is read.',
        advice: 'Copy the named files into one directory, and give it with --from.',
      },
      E_BACKUP_BROKEN: {
        means: 'This is no whole backup.',
        advice: 'Restore another one; it was checked before anything was written.',
        exit: 2,
      },
      E_FILE_EXISTS: {
        means: 'The file exists already.',
        advice: 'Give another name. A file of -o is replaced with --overwrite.',
        exit: 2,
      },
      E_FILE_BUSY: {
        means: 'Another command is going to write this file.',
        advice: 'Give another name, or wait until that command has ended.',
        exit: 2,
      },
      E_FILE: {
        means: 'The file cannot be read or written.',
        advice: 'Check the path and its permissions.',
        exit: 2, // the user has named a wrong file on the command line
      },
    },
  ),

  store: layer(
    { ...NO_FETCH, ends: null, status: 503, exit: 3, advised: true },
    {
      E_STORE_DOWN: {
        means: 'The database or bucket for the records cannot be reached.',
        advice: 'Start it, or correct the address in --store or DROVER_STORE.',
        passes: true,
      },
      E_STORE_AUTH: {
        means: 'The database or bucket for the records refuses the user or key.',
        advice:
          'Set PGPASSWORD, a line of ~/.pgpass, or DROVER_STORE; for s3: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE.',
      },
      E_STORE_DATABASE: {
        means: 'There is no such database or bucket for the records.',
        advice:
          'Make it (CREATE DATABASE, or a bucket at your provider), or correct the name in --store or DROVER_STORE.',
      },
      E_STORE_RIGHTS: {
        means: 'The user of the database or bucket may not do what drover needs.',
        advice:
          'Let its owner GRANT CREATE ON DATABASE; of a bucket: allow ListBucket, GetObject, PutObject, DeleteObject.',
      },
      E_STORE_TLS: {
        means: 'The TLS connection to the database or bucket failed.',
        advice: 'Correct sslmode and sslrootcert in the address of the store (docs/STORES.md).',
      },
      E_STORE_VERSION: {
        means: 'This PostgreSQL is too old.',
        advice: 'Use PostgreSQL 12 or later.',
      },
      E_STORE_FORMAT: {
        means: 'A newer version of drover has made the tables of this store.',
        advice: 'Use that version here too, or another schema: ?schema=name in the address.',
      },
      E_STORE_TABLES: {
        means: 'The tables of the store are missing.',
        advice: 'A consumer makes them when it writes; see that nobody else removes them.',
        passes: true,
      },
      E_STORE_REFUSES: {
        means: 'The database or bucket for the records refuses to write.',
        advice: 'Repair what it says; drover goes on by itself, and no accepted request is lost.',
        passes: true,
      },
      E_STORE_VALUE: {
        means:
          'The database cannot hold a value of a record, so the record is kept whole beside its columns.',
        advice: 'Nothing is to be done: drover reads it as it was; only SQL sees fewer columns.',
      },
      E_STORE_FAULT: {
        means: 'The database or bucket for the records answered with an error.',
        advice: 'See what it says, and its log.',
      },
      E_STORE_OTHER: {
        means: 'The crawl keeps its records in another store.',
        advice: 'Leave out --store and DROVER_STORE to go on with it, or give the crawl another name.',
        status: 409,
        exit: 2,
      },
    },
  ),

  api: layer(
    { ...NO_FETCH, ends: null, exit: 2 },
    {
      E_AUTH: {
        means: 'The request has no valid token.',
        advice: 'Send Authorization: Bearer TOKEN, one of DROVER_API_TOKEN.',
        status: 401,
      },
      E_FORBIDDEN: {
        means: 'The token allows only reading.',
        advice: 'Use a token that is not marked ro:.',
        status: 403,
      },
      E_ORIGIN: {
        means: 'The request comes from a page of another site, or uses a host name that is not allowed.',
        advice: 'Use the address of the server, or allow the name with --allow-host.',
        status: 403,
      },
      E_ROUTE: {
        means: 'There is nothing at this path.',
        advice: 'See /openapi.json, which lists all paths.',
        status: 404,
      },
      E_METHOD: {
        means: 'The path does not accept this method.',
        advice: 'See /openapi.json, which lists all paths and methods.',
        status: 405,
      },
      E_MEDIA_TYPE: {
        means: 'This route does not accept this type of body.',
        advice: 'Send application/json, or application/x-ndjson to add requests.',
        status: 415,
      },
      E_FIELD: {
        means: 'A field of the request is missing, unknown or of the wrong kind.',
        advice: 'See the named field and /openapi.json.',
        status: 400,
      },
      E_BODY_SIZE: {
        means: 'The body is larger than this route accepts.',
        advice: 'Send many requests as application/x-ndjson, which may have any length.',
        status: 413,
      },
      E_BODY_SLOW: {
        means: 'The body did not come in time.',
        advice: 'Send it without long breaks.',
        status: 408,
      },
      E_TOO_MANY: {
        means: 'The server has too many calls at a time.',
        advice: 'Try again after the time that Retry-After names.',
        status: 429,
      },
      E_HOST_BUSY: {
        means: 'The host is paused, or all its slots are taken, so drover sends it nothing now.',
        advice: 'Try again later; drover hosts says why a host is held back.',
        status: null,
      },
      E_IDEMPOTENCY: {
        means: 'This Idempotency-Key was used with another body, or its first call has not ended.',
        advice: 'Use a new key for a new body; otherwise try again a little later.',
        status: 409,
      },
      E_LETTER_UNKNOWN: {
        means: 'There is no such dead letter.',
        advice: 'drover dead list shows all dead letters.',
        status: 404,
      },
      E_REPLAY_UNKNOWN: {
        means: 'There is no such replay.',
        advice: 'Replays are kept for a week; start another.',
        status: 404,
      },
      E_REQUEST_UNKNOWN: {
        means: 'There is no request with this id.',
        advice: 'Ask for its URL with drover explain.',
        status: 404,
      },
      E_STOPPING: {
        means: 'The server is stopping.',
        advice: 'Try again later, or use another server.',
        status: 503,
      },
      E_INTERNAL: {
        means: 'Something went wrong in the server.',
        advice: 'Look in its log for the id of the request.',
        status: 500,
      },
      E_LISTEN: {
        means: 'The server cannot listen on that address.',
        advice: 'Choose another --port or --host, or stop the program that uses it.',
        status: null,
      },
      E_OPEN_DOOR: {
        means: 'The server would be open to everybody who reaches this address.',
        advice: 'Set DROVER_API_TOKEN, or listen on 127.0.0.1.',
        status: null,
      },
      E_API_DOWN: {
        means: 'The API does not answer, or another program answers in its place.',
        advice: 'Start drover serve, or correct the URL of the client.',
        status: null,
      },
      E_WEBHOOK: {
        means: 'The webhook cannot be used.',
        advice: 'Set DROVER_WEBHOOK_SECRET to sign it, and give a public http:// or https:// URL.',
        status: 400,
      },
    },
  ),

  settings: layer(
    { ...NO_FETCH, ends: null, exit: 2 },
    {
      E_COMPARE: {
        means: 'There is nothing to compare.',
        advice: 'See what drover try prints for one of the URLs with the same handler.',
        status: null,
      },
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
      E_IDENTITY: {
        means: 'The identity cannot be used.',
        advice:
          'Correct the named file, or put a copy of the right one in its place; see drover identity check.',
        status: null,
      },
      E_IDENTITY_NONE: {
        means: 'Requests are to be signed, and the identity is not here.',
        advice: 'Make one with drover identity init, or copy its file here; nothing is fetched unsigned.',
        status: null,
      },
      E_CREDENTIALS: {
        means: 'The credentials for a server cannot be had.',
        advice:
          'Correct the module that refreshes the token (docs/network/NETWORK.md); until then, requests wait.',
        status: null,
      },
      E_CLOSED: {
        means: 'The producer has been closed.',
        advice: 'Make another one with createProducer().',
        status: null,
      },
      E_CRAWL_UNKNOWN: {
        means: 'There is no crawl with that name.',
        advice: 'drover status lists the crawls.',
        status: 404,
      },
      E_NO_SEEDS: {
        means: 'The seeds of the former run are not known any more.',
        advice:
          'Give the seeds once more, and --crawl NAME in place of --again; after that run, --again can repeat it.',
        status: 409,
      },
      E_WARC_NONE: {
        means: 'The crawl keeps no archive.',
        advice: 'Begin the crawl with --warc; what was fetched without it is not archived.',
        status: 404,
      },
      E_RUN_NONE: {
        means: 'There is no former run to compare with.',
        advice: 'Crawl it again (drover crawl --again NAME), or name two crawls with --from and --to.',
        status: 404,
      },
      E_CRAWL_OPEN: {
        means: 'The crawl has not ended.',
        advice: 'Wait for its end, or cancel it first: drover cancel CRAWL.',
        status: 409,
      },
      E_CRAWL_SCHEDULED: {
        means: 'A schedule repeats this run: without it, its seeds would be lost.',
        advice:
          'Remove the schedule first: drover schedule remove NAME. Older runs of the name may be forgotten.',
        status: 409,
      },
      E_SCHEDULE: {
        means: 'The schedule cannot be used.',
        advice: 'See drover schedule add --help.',
        status: 400,
      },
      E_SCHEDULE_UNKNOWN: {
        means: 'There is no schedule with that name.',
        advice: 'drover schedule list lists them.',
        status: 404,
      },
      E_SCHEDULE_EXISTS: {
        means: 'There is a schedule with that name.',
        advice: 'Give another name, or --replace to put the new one in its place.',
        status: 409,
      },
      E_CRAWL_ENDED: {
        means: 'The crawl has ended.',
        advice: 'The command that began it begins a new one; drover status lists the crawls.',
        status: 409,
      },
    },
  ),
};
