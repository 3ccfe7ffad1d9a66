// Hosts with a robots.txt of every kind, and what is to become of their pages.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** One host: what its robots.txt is, and what is to become of its pages. */
interface Host {
  promise: string;
  robots: Answer;
  /** Besides `everywhere`, which is allowed at every host that refuses anything but all. */
  allowed?: string[];
  /** By path: the number of the line that decides, and the line. */
  refused?: Record<string, string>;
}

/** Enough pages for each of the consumers to have some of each host. */
export const everywhere = ['/', ...Array.from({ length: 8 }, (_, index) => `/p/${index}`)];
/** All consumers are to ask while the first is still fetching. */
export const robotsTakeMs = 300;

export const text =
  (body: string | Buffer, status = 200, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(status, headers).end(body);
  };
export const redirect = (location: string): Answer => text('', 302, { location });
/** So many redirects, to the mirror and back, and behind them rules. */
const hops =
  (count: number): Answer =>
  (request, response) =>
    redirect(`/hop/${count - 1}/${request.headers.host}`)(request, response);
export const lines = (...rules: string[]) => `${['User-agent: *', ...rules].join('\n')}\n`;

const limit = 500 * 1024;
/**
 * A rule at the start, one whose line ends with the first 500 KiB, one that begins there, and 10 MB after
 * them.
 */
function tenMegabytes(): string {
  const first = lines('Disallow: /first');
  const last = 'Disallow: /last\n';
  const filler = `#${'x'.repeat(limit - first.length - last.length - 2)}\n`;
  return `${first}${filler}${last}Disallow: /beyond\n${`#${'y'.repeat(1022)}\n`.repeat(10_000)}`;
}
const ofTenMegabytes = {
  allowed: ['/beyond'],
  refused: { '/first': '2 Disallow: /first', '/last': '4 Disallow: /last' },
};

export let endlessOpen = 0;
const endless: Answer = (_, response) => {
  endlessOpen++;
  response.on('close', () => endlessOpen--);
  const write = () => {
    while (!response.destroyed && response.write(`#${'z'.repeat(8190)}\n`));
  };
  response.on('drain', write);
  response.write(lines('Disallow: /first'));
  write();
};

/** A byte now and then, for ever. */
export const drip: Answer = (_, response) => {
  response.write(lines('Disallow: /first'));
  const timer = setInterval(() => response.write('#'), 50);
  response.on('close', () => clearInterval(timer));
};

const page = '/a'.repeat(3000);
const wildcards = `Disallow: /${'*a'.repeat(60)}*b$`;

export const hosts: Host[] = [
  {
    promise: 'rules are obeyed, and a refusal names the line that decided',
    robots: text(lines('Disallow: /private', 'Allow: /private/but', '', 'User-agent: other', 'Disallow: /')),
    allowed: ['/private/but/this', '/Private'],
    refused: { '/private': '2 Disallow: /private', '/private/x?y': '2 Disallow: /private' },
  },
  { promise: '404: there are no rules', robots: text(lines('Disallow: /'), 404) },
  { promise: '403: there are no rules', robots: text(lines('Disallow: /'), 403) },
  { promise: 'an empty file has no rules', robots: text('') },
  {
    promise: 'a redirect to another path is followed',
    robots: redirect('/rules.txt'),
    refused: { '/redirected': '2 Disallow: /redirected' },
  },
  {
    promise: 'five redirects over two hosts are followed, and the rules are those of the first host',
    robots: hops(5),
    refused: { '/redirected': '2 Disallow: /redirected' },
  },
  {
    promise: 'behind a sixth redirect there are no rules',
    robots: hops(6),
    allowed: ['/redirected'],
  },
  { promise: 'of ten megabytes the first 500 KiB count', robots: text(tenMegabytes()), ...ofTenMegabytes },
  {
    promise: 'of ten megabytes in gzip the first 500 KiB count',
    robots: text(gzipSync(tenMegabytes()), 200, { 'content-encoding': 'gzip' }),
    ...ofTenMegabytes,
  },
  {
    promise: 'a file without end is read up to 500 KiB',
    robots: endless,
    refused: { '/first': '2 Disallow: /first' },
  },
  {
    promise: 'of a line that the limit cuts in two, after a byte order mark too, the half is no rule',
    robots: text(`\ufeff${lines(`#${'x'.repeat(limit - 31)}`, 'Disallow: /p/and-more', 'Disallow: /')}`),
  },
  {
    promise: 'an HTML page has no rules',
    robots: text(
      '<!doctype html>\n<html><head><title>Disallow: /</title></head>\n<pre>User-agent: *\nDisallow: /</pre></html>',
      200,
      { 'content-type': 'text/html' },
    ),
  },
  {
    promise: 'lines of an HTML page that are rules are obeyed as such',
    robots: text(`<!doctype html>\n<pre>\n${lines('Disallow: /private')}</pre>\n`, 200, {
      'content-type': 'text/html',
    }),
    refused: { '/private': '4 Disallow: /private' },
  },
  {
    promise: 'a byte order mark and CR LF are no part of a line',
    robots: text('\ufeffUser-agent: *\r\nDisallow: /private\r\n'),
    refused: { '/private/x': '2 Disallow: /private' },
  },
  {
    promise: 'groups of one name are merged, and that of all others is not ours',
    robots: text(
      'User-agent: drover\nDisallow: /a\n\nUser-agent: *\nDisallow: /\n\nUser-agent: Drover/2\nDisallow: /b\n',
    ),
    allowed: ['/c'],
    refused: { '/a': '2 Disallow: /a', '/b': '8 Disallow: /b' },
  },
  {
    promise: 'paths are compared with their percent-encoding taken away or put on',
    robots: text(lines('Disallow: /%7Ejoe', 'Disallow: /\u30c4', 'Disallow: /caf%c3%a9', 'Disallow: /a%2fb')),
    allowed: ['/a/b', '/cafe'],
    refused: {
      '/~joe/x': '2 Disallow: /%7Ejoe',
      '/%E3%83%84': '3 Disallow: /\u30c4',
      '/caf%C3%A9': '4 Disallow: /caf%c3%a9',
      '/a%2Fb': '5 Disallow: /a%2fb',
    },
  },
  {
    promise: 'sixty wildcards match a path of 6,000 characters, or do not',
    robots: text(lines(wildcards)),
    allowed: [page],
    refused: { [`${page}b`]: `2 ${wildcards}` },
  },
  {
    promise: 'gzip is undone',
    robots: text(gzipSync(lines('Disallow: /private')), 200, { 'content-encoding': 'gzip' }),
    refused: { '/private': '2 Disallow: /private' },
  },
  {
    promise: 'NUL and bytes that are no UTF-8 spoil their own lines alone',
    robots: text(
      Buffer.concat([
        Buffer.from(lines('Disallow: /\0', '\0')),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('Disallow: /p\nDisallow: /x'),
        Buffer.from([0xe9, 0xc3, 0x0a]),
        Buffer.from('Disallow: /private\n'),
      ]),
    ),
    allowed: ['/x'],
    refused: { '/private': '6 Disallow: /private' },
  },
];

/**
 * Hosts whose robots.txt cannot be fetched, each with a crawl of its own, and the code and the reason that
 * its pages die of.
 */
export const sick: { promise: string; robots: Answer; options?: string[]; code: string; reason: RegExp }[] = [
  {
    promise: '500: nothing is fetched',
    robots: text('', 500),
    code: 'E_ROBOTS_UNREACHABLE',
    reason: /status 500/,
  },
  {
    promise: '503: nothing is fetched',
    robots: text(lines('Allow: /'), 503),
    code: 'E_ROBOTS_UNREACHABLE',
    reason: /status 503/,
  },
  {
    promise: 'no answer in time: nothing is fetched',
    robots: () => {},
    options: ['--timeout-response', '500'],
    code: 'E_RESPONSE_TIMEOUT',
    reason: /Limit 500 ms.*robots/,
  },
  {
    promise: 'a body that drips for ever: nothing is fetched',
    robots: drip,
    options: ['--timeout-request', '1500'],
    code: 'E_REQUEST_TIMEOUT',
    reason: /Limit 1500 ms.*robots/,
  },
];
