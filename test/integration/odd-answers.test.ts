// Answers that are no usual page, as servers send them: what stands in for the page (a challenge, a price, a
// licence), and what pages say to robots. Each row is one answer of a real server, fetched by the drover
// command; its record and what was followed are looked at.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test, { after, before } from 'node:test';
import { catalogue, type ErrorCode } from '../../src/errors.ts';
import type { CrawlRecord } from '../../src/record.ts';
import { assertAddsUp, type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { type RawServer, startRaw } from '../support/site/hostile.ts';

interface Expected {
  /** Null for a page. */
  code: ErrorCode | null;
  /** In the message of the error. */
  says?: RegExp;
  follows: boolean;
  noindex: boolean | null;
}

/** What is tried; the status; lines of the header; what is expected; what stands in the head of the page. */
type Row = [what: string, status: string, header: string[], expected: Expected, head?: string];

const standsIn = (code: ErrorCode, says: RegExp): Expected => ({ code, says, follows: false, noindex: null });
const page = (forbidden = ''): Expected => ({
  ...{ code: null, follows: !forbidden.includes('nofollow'), noindex: forbidden.includes('noindex') },
});
const failed = (code: ErrorCode): Expected => ({ code, follows: false, noindex: false });
const meta = (name: string, content: string) => `<meta name="${name}" content="${content}">`;

/** `{"x402Version":2,"accepts":[{"amount":"10000","network":"eip155:8453","extra":{"name":"USDC"}}]}`. */
const offer = Buffer.from(
  '{"x402Version":2,"accepts":[{"amount":"10000","network":"eip155:8453","extra":{"name":"USDC"}}]}',
).toString('base64');

// biome-ignore format: one line a row
const rows: Row[] = [
  ['a challenge of AWS WAF', '202 Accepted', ['x-amzn-waf-action: challenge'], standsIn('E_CHALLENGE', /AWS WAF/)],
  ['a captcha of AWS WAF', '405 Method Not Allowed', ['x-amzn-waf-action: captcha'], standsIn('E_CHALLENGE', /captcha.*AWS WAF/)],
  ['a challenge of Cloudflare', '403 Forbidden', ['CF-Mitigated: challenge'], standsIn('E_CHALLENGE', /Cloudflare/)],
  ['one with 429', '429 Too Many Requests', ['cf-mitigated: challenge'], standsIn('E_CHALLENGE', /429.*Cloudflare/)],
  ['one with 429 and a time', '429 Too Many Requests', ['cf-mitigated: challenge', 'Retry-After: 3600'], standsIn('E_CHALLENGE', /Cloudflare/)],
  ['one with 503', '503 Service Unavailable', ['cf-mitigated: challenge'], standsIn('E_CHALLENGE', /503.*Cloudflare/)],
  ['a challenge of Vercel with 429', '429 Too Many Requests', ['x-vercel-mitigated: challenge'], standsIn('E_CHALLENGE', /Vercel/)],
  ['a challenge of Vercel with 403', '403 Forbidden', ['x-vercel-mitigated: challenge'], standsIn('E_CHALLENGE', /Vercel/)],
  ['a denial of Vercel', '403 Forbidden', ['x-vercel-mitigated: deny'], standsIn('E_CHALLENGE', /deny.*Vercel/)],
  ['a challenge of DataDome', '403 Forbidden', ['x-datadome: protected', 'x-dd-b: 1'], standsIn('E_CHALLENGE', /DataDome/)],
  ['one known by its identifier', '403 Forbidden', ['x-datadome-cid: AHrlqAAAAAMA'], standsIn('E_CHALLENGE', /DataDome/)],
  ['a page behind DataDome', '200 OK', ['x-datadome: protected', 'x-datadome-cid: AHrlqAAAAAMA'], page()],
  ['a page behind Imperva', '200 OK', ['x-iinfo: 1-2', 'x-cdn: Imperva'], page()],
  ['a plain 202', '202 Accepted', [], page()],
  ['a plain 403', '403 Forbidden', [], failed('E_HTTP_4XX')],
  ['a plain 401', '401 Unauthorized', ['WWW-Authenticate: Basic realm="License a"'], failed('E_HTTP_4XX')],
  ['a price', '402 Payment Required', ['crawler-price: USD 0.01'], standsIn('E_PAYMENT', /USD 0\.01.*Cloudflare/)],
  ['an offer of x402', '402 Payment Required', [`PAYMENT-REQUIRED: ${offer}`], standsIn('E_PAYMENT', /10000 smallest units of USDC on eip155:8453/)],
  ['a price that is not told', '402 Payment Required', [], standsIn('E_PAYMENT', /without a price/)],
  ['no licence', '401 Unauthorized', ['WWW-Authenticate: License error="invalid_request"'], standsIn('E_LICENSE', /invalid_request/)],
  ['a licence to be paid', '402 Payment Required', ['WWW-Authenticate: Bearer', 'WWW-Authenticate: License'], standsIn('E_LICENSE', /402/)],
  ['X-Robots-Tag to all', '200 OK', ['X-Robots-Tag: noindex, nofollow'], page('noindex nofollow')],
  ['X-Robots-Tag to us', '200 OK', ['X-Robots-Tag: drover: nofollow, noindex'], page('noindex nofollow')],
  ['X-Robots-Tag to us in capitals', '200 OK', ['x-robots-tag:DROVER:NOINDEX'], page('noindex')],
  ['X-Robots-Tag to another', '200 OK', ['X-Robots-Tag: googlebot: none'], page()],
  ['X-Robots-Tag to another and to us', '200 OK', ['X-Robots-Tag: googlebot: noindex, drover: nofollow'], page('nofollow')],
  ['two lines, the first to another', '200 OK', ['X-Robots-Tag: otherbot: none', 'X-Robots-Tag: noindex'], page('noindex')],
  ['two lines, the second to another', '200 OK', ['X-Robots-Tag: nofollow', 'X-Robots-Tag: otherbot: noindex'], page('nofollow')],
  ['X-Robots-Tag with a date', '200 OK', ['X-Robots-Tag: unavailable_after: Wed, 25 Jun 2031 15:00:00 GMT, nofollow'], page('nofollow')],
  ['X-Robots-Tag with the value none', '200 OK', ['X-Robots-Tag: max-image-preview: none'], page()],
  ['meta to us', '200 OK', [], page('noindex nofollow'), meta('drover', 'none')],
  ['meta to us in capitals', '200 OK', [], page('nofollow'), meta('Drover', 'NoFollow')],
  ['meta to another', '200 OK', [], page(), meta('otherbot', 'none')],
  ['meta to all, and to us', '200 OK', [], page('noindex nofollow'), meta('robots', 'noindex') + meta('drover', 'nofollow')],
];

const bodyOf = (index: number, head = '') =>
  `<!doctype html><title>Row ${index}</title>${head}<a href="/from/${index}">on</a>`;

function answerTo(path: string): string {
  const index = Number(/^\/row\/(\d+)$/.exec(path)?.[1] ?? -1);
  const row = rows[index];
  const [, status = path === '/robots.txt' ? '404 Not Found' : '200 OK', header = [], , head] = row ?? [];
  return bytesOf(status, header, row ? bodyOf(index, head) : '<title>end</title>');
}

function bytesOf(status: string, header: readonly string[], body: string): string {
  const lines = ['Content-Type: text/html', `Content-Length: ${Buffer.byteLength(body)}`, ...header];
  return `HTTP/1.1 ${status}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n${body}`;
}

const pathOf = (request: string) => request.split(' ', 2)[1] ?? '';

let runner: CommandRunner;
let server: RawServer;
let summary: string;
let exitCode: number | null;
let records: Map<string, CrawlRecord>;

before(
  async () => {
    server = await startRaw((socket, request) => socket.write(answerTo(pathOf(request))));
    runner = await openCommandRunner();
    await writeFile(runner.path('list.txt'), rows.map((_, index) => `${server.url}row/${index}\n`).join(''));
    const how = ['--crawl', 'odd', '--depth', '1', '--attempts', '2', '--backoff', '20'];
    // Short, so that a row which does pause the host spoils its own record and not those of all others.
    const pauses = ['--max-pause', '300', '--max-postponed', '2s'];
    const { code, stdout, stderr } = await runner.run(['crawl', runner.path('list.txt'), ...how, ...pauses]);
    exitCode = code;
    summary = (stdout + stderr).replace(/\s+/g, ' ');
    records = new Map((await runner.results('odd')).map((record) => [new URL(record.url).pathname, record]));
  },
  { timeout: 60_000 },
);

after(() => server.close());

for (const [index, [what, status, , { code, says, follows, noindex }, head]] of rows.entries()) {
  test(`${what}, ${status}: ${code ?? 'a page'}${follows ? '' : ', nothing is followed'}`, () => {
    const record = records.get(`/row/${index}`);
    assert.ok(record);
    assert.deepEqual(
      [record.status, record.ok, record.error?.code ?? null, record.attempts],
      [Number.parseInt(status, 10), code === null, code, 1],
      record.error?.message,
    );
    assert.match(record.error?.message ?? '', says ?? /^/);
    assert.equal(records.has(`/from/${index}`), follows);
    assert.equal(record.noindex, noindex);
    assert.equal(record.body, bodyOf(index, head), 'the answer is kept');
    assert.equal(record.headers?.['content-type'], 'text/html');
    if (says)
      assert.deepEqual([record.links, record.title], [null, null], 'nothing of it is taken for the page');
  });
}

test('none of them is asked for again, and none holds up its host', async () => {
  const counts = await runner.status('odd');
  assertAddsUp(counts);
  assert.equal(exitCode, 0, summary);
  assert.deepEqual([counts.postponed, counts.retries, counts.dead], [0, 0, 0]);
  const asked = server.requests.map(pathOf).filter((path) => path.startsWith('/row/'));
  assert.equal(asked.length, rows.length);
  assert.doesNotMatch(summary, /Held back/);
});

test('the summary counts each kind in a line of its own, with what to do', async () => {
  const { errors } = await runner.status('odd');
  for (const code of ['E_CHALLENGE', 'E_PAYMENT', 'E_LICENSE'] as const) {
    const count = rows.filter(([, , , expected]) => expected.code === code).length;
    assert.equal(errors[code], count);
    const { means, advice } = catalogue[code];
    assert.ok(summary.includes(`http ${code} ${count} ${means} ${advice}`), summary);
  }
});

test('explain says who stands in the way', async () => {
  const explain = async (path: string) =>
    (await runner.run(['explain', `${server.url}${path}`])).stdout.replace(/\s+/g, ' ');
  assert.match(
    await explain('row/0'),
    /status 202 with x-amzn-waf-action: challenge \(AWS WAF\) \(E_CHALLENGE\)/,
  );
  const index = rows.findIndex(([, , , { code }]) => code === 'E_PAYMENT');
  assert.match(
    await explain(`row/${index}`),
    /status 402 at the price of USD 0\.01 \(Cloudflare\) \(E_PAYMENT\)/,
  );
});

/** A host whose robots.txt is answered so; `times`: then it has none. */
async function crawlBehind(t: test.TestContext, robots: string, times: number, how: readonly string[]) {
  let left = times;
  const site = await startRaw((socket, request) => {
    if (pathOf(request) !== '/robots.txt') socket.write(bytesOf('200 OK', [], '<title>page</title>'));
    else socket.write(left-- > 0 ? robots : bytesOf('404 Not Found', [], ''));
  });
  t.after(() => site.close());
  const own = await openCommandRunner();
  await own.run(['crawl', `${site.url}page`, '--crawl', 'c', '--quiet', '--depth', '0', ...how]);
  const [record] = await own.results('c');
  return { record, postponed: (await own.status('c')).postponed, paths: site.requests.map(pathOf) };
}

// biome-ignore format: one line a row
const challenged: [status: string, header: string, vendor: RegExp][] = [
  ['403 Forbidden', 'cf-mitigated: challenge', /Cloudflare/],
  ['429 Too Many Requests', 'x-vercel-mitigated: challenge', /Vercel/],
  ['202 Accepted', 'x-amzn-waf-action: challenge', /AWS WAF/],
];

for (const [status, header, vendor] of challenged)
  test(`robots.txt answered by ${header}, ${status}: the rules are unknown, so nothing is fetched`, async (t) => {
    const robots = bytesOf(status, [header], 'User-agent: *\nAllow: /\n');
    const how = ['--attempts', '2', '--backoff', '20', '--max-pause', '300', '--max-postponed', '2s'];
    const { record, paths, postponed } = await crawlBehind(t, robots, Number.POSITIVE_INFINITY, how);
    assert.deepEqual([record?.ok, record?.error?.code], [false, 'E_ROBOTS_UNREACHABLE']);
    assert.match(record?.error?.message ?? '', vendor);
    assert.equal(postponed, 0, 'the host is not paused');
    assert.ok(!paths.includes('/page'));
  });

test('a robots.txt that was challenged is asked for again, and the page is fetched when its rules are known', async (t) => {
  const robots = bytesOf('403 Forbidden', ['cf-mitigated: challenge'], '');
  const { record, paths } = await crawlBehind(t, robots, 1, [
    '--attempts',
    '8',
    '--backoff',
    '1s',
    '--max-backoff',
    '1s',
  ]);
  assert.equal(record?.ok, true, record?.error?.message);
  assert.deepEqual(paths, ['/robots.txt', '/robots.txt', '/page']);
});
