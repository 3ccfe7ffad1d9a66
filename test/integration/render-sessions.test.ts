// A page in a browser belongs to its session: its cookies, its headers, its login, and whom TLS trusts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { CrawlRecord } from '../../src/record.ts';
import { chromiumPath } from '../support/api/browser.ts';
import { openFleets, type TestFleet } from '../support/fleets.ts';
import { type AppSite, AUTHORITY, startAppSite } from '../support/sessions/app-site.ts';

const skip = chromiumPath() === null && 'there is no Chromium here';
const fleets = openFleets();

describe('rendered pages behind a login', { skip }, () => {
  let site: AppSite;
  let fleet: TestFleet;
  let records: Map<string, CrawlRecord>;
  const cookiesOf = (path: string) =>
    site.calls.filter((call) => call.path === path).map(({ headers }) => headers.cookie ?? '');

  before(async () => {
    site = await startAppSite({
      '/b': "location.href = '/login'",
      '/c': "put('Please ' + 'sign in')",
    });
    fleet = await fleets.open({
      DROVER_SESSION_HEADERS: JSON.stringify([{ 'X-Who': 'one', Cookie: 'sid=wrong; mine=1' }]),
    });
    const { runner } = fleet;
    const running = runner.start([
      ...['crawl', `${site.url}/a`, `${site.url}/b`, `${site.url}/c`, '--crawl', 'r', '--render'],
      ...['--timeout-render', '4s', '--per-host', '1', '--processes', '1', '--ca', AUTHORITY],
      ...['--allow-private', '127.0.0.1/32'],
      ...['--depth', '0', '--login-url', `${site.url}/login`, '--login-form', 'user=text:ann'],
      ...[
        '--login-form',
        'password=text:x',
        '--logged-out',
        '**/login',
        '--logged-out',
        'text:Please sign in',
      ],
    ]);
    const { code } = await running.exit;
    assert.equal(code, 0, running.stderr());
    records = new Map((await runner.results('r')).map((record) => [new URL(record.url).pathname, record]));
  });
  after(() => site?.stop());

  it('its requests have the cookies of the session and what it may see is all that its scripts see', () => {
    for (const path of ['/a', '/b', '/c']) {
      const { body } = records.get(path) as CrawlRecord;
      assert.match(body ?? '', new RegExp(`/api${path}: data of /api${path}`), path);
      assert.doesNotMatch(/cookies: (.*?)</.exec(body ?? '')?.[1] ?? '', /sid|own/);
      const [cookies = ''] = cookiesOf(`/api${path}`).slice(-1);
      assert.match(cookies, /sid=s\d/);
      assert.match(cookies, /__Host-own=1/);
    }
  });

  it('what scripts and answers have set goes to the pages that follow, and what they removed does not', () => {
    const [, second = ''] = [...records.values()].map(({ body }) => /cookies: (.*?)</.exec(body ?? '')?.[1]);
    assert.match(second, /script=[abc]/);
    assert.match(second, /api=of[abc]/);
    assert.doesNotMatch(second, /old=|elsewhere=/);
  });

  it('the headers of the session go along, and a cookie that was set before one of theirs', () => {
    for (const { headers } of site.calls) {
      assert.equal(headers['x-who'], 'one');
      assert.match(headers['user-agent'] ?? '', /^drover\//);
      assert.match(headers.cookie ?? '', /mine=1/);
      assert.doesNotMatch(headers.cookie ?? '', /sid=wrong/);
    }
  });

  it('a page whose scripts lead to the login, or show it, has its session logged in anew', () => {
    // A page that had begun in the session when it ended needs no login of its own.
    assert.ok(site.logins === 2 || site.logins === 3, `${site.logins} logins`);
    for (const path of ['/b', '/c'])
      assert.doesNotMatch(records.get(path)?.body ?? '', /Please sign in/, path);
    assert.equal(records.get('/b')?.rendered?.wentTo, null);
    assert.deepEqual(
      [...records.values()].map(({ attempts }) => attempts),
      [1, 1, 1],
    );
  });

  it('a certificate counts when it would for a fetch; robots.txt holds for redirects over TLS', () => {
    const { rendered, body } = records.get('/a') as CrawlRecord;
    const refused = Object.fromEntries((rendered?.refused ?? []).map(({ url, code }) => [url, code]));
    assert.deepEqual(refused, {
      [`${site.untrusted}/api/x`]: 'E_TLS_SELF_SIGNED',
      [`${site.url}/api/forbidden`]: 'E_ROBOTS',
    });
    assert.deepEqual(site.strangers, []);
    assert.match(body ?? '', /socket: Hello/);
  });
});

it('with --cookies off no page in a browser is sent what the site has set', { skip }, async (t) => {
  const came: string[] = [];
  const server = createServer(({ url = '', headers: { cookie = '' } }, response) => {
    if (url.startsWith('/api')) came.push(cookie);
    const page = `<title>p</title><p id="p">a</p><script>fetch('/api' + location.pathname).then(() => p.append('!'))</script>`;
    const set = { 'set-cookie': 'sid=1; Path=/' };
    response.writeHead(url === '/robots.txt' ? 404 : 200, { 'content-type': 'text/html', ...set }).end(page);
  }).listen(0, '127.0.0.1');
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { runner } = await fleets.open();
  const crawl = [
    'crawl',
    `${url}/one`,
    `${url}/two`,
    '--depth',
    '0',
    '--render',
    '--per-host',
    '1',
    '--quiet',
  ];
  const sent: string[][] = [];
  for (const cookies of [[], ['--cookies', 'off']]) {
    const { code, stderr } = await runner.run([...crawl, '--crawl', `c${sent.length}`, ...cookies]);
    assert.equal(code, 0, stderr);
    sent.push(came.splice(0));
  }
  assert.deepEqual(sent, [
    ['sid=1', 'sid=1'],
    ['', ''],
  ]);
});
