// Sessions that are logged in, in crawls of the program on several consumers. The site's own counts show who
// logged in when.
import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import test from 'node:test';
import { assertAddsUp } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { PASSWORD, startLoginSite, USER } from '../support/sessions/login-site.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets();
const secrets = { SHOP_USER: USER, SHOP_PASSWORD: PASSWORD };
const form = ['--login-form', 'user=env:SHOP_USER', '--login-form', 'password=env:SHOP_PASSWORD'];
const once = ['--quiet', '--processes', '1'];

const loginFile = `export default async ({ fetch, session, env }) => {
  const page = await fetch('/login');
  const token = page.$('[name=token]').attr('value');
  const body = new URLSearchParams({ token, user: env.SHOP_USER, password: env.SHOP_PASSWORD }).toString();
  const answer = await fetch('/enter', { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  if (answer.url.endsWith('/enter')) throw new Error('refused ' + env.SHOP_PASSWORD);
};`;

test('1,000 pages behind a login, three consumers, the session expires in the middle: one login more, and no page is the login page', async (t) => {
  const site = await startLoginSite(t, { pages: 1000, expireAfter: 500 });
  const { runner, fleet } = await fleets.open(secrets);
  const others = [1, 2].map(() => runner.start(['consume', ...once]));
  const how = ['--login-url', `${site.url}login`, ...form, '--logged-out', '**/login'];
  const crawl = [
    'crawl',
    site.url,
    '--crawl',
    'shop',
    '--per-host',
    '12',
    '--attempts',
    '1',
    ...how,
    ...once,
  ];
  const { code, stderr } = await runner.run(crawl);
  for (const other of others) other.kill('SIGTERM');
  assert.equal(code, 0, stderr);
  await Promise.all(others.map(({ exit }) => exit));
  const records = await runner.results('shop');
  assert.equal(records.length, 1001);
  assert.deepEqual(
    records.filter(({ title, finalUrl }) => title === 'Login' || finalUrl?.endsWith('/login')),
    [],
  );
  assert.ok(records.every(({ status, attempts }) => status === 200 && attempts === 1));
  const counts = await runner.status('shop');
  assertAddsUp(counts);
  assert.deepEqual([counts.recorded, counts.dead], [1001, 0]);
  assert.deepEqual(site.logins, { asked: 2, done: 2 });
  t.diagnostic(`${site.refused} pages led to the login`);
  assert.ok(site.refused <= 36 && site.refused > 0, `only what was in flight: ${site.refused}`);
  // Secrets: not in Redis, not in what is on disk.
  for (const key of await fleet.redis.keys(`${fleet.namespace}:*`)) {
    const kept =
      (await fleet.redis.type(key)) === 'hash' ? JSON.stringify(await fleet.redis.hgetall(key)) : '';
    assert.ok(!kept.includes('hush'), key);
  }
  for (const file of await readdir(runner.path('data'), { recursive: true }))
    assert.ok(
      !(await readFile(runner.path(`data/${file}`), 'latin1').catch(() => '')).includes('hush'),
      file,
    );
});

test('kill -9 in the middle of a login: another consumer logs in, and nothing is lost; a handler says what is logged out', async (t) => {
  const site = await startLoginSite(t, { pages: 20, expireAfter: 10 });
  const { runner } = await fleets.open({ ...secrets, DROVER_LOCK_DURATION: '2s' });
  await writeFile(runner.path('login.ts'), loginFile);
  await writeFile(
    runner.path('handler.ts'),
    `import { defineHandler } from 'drover';
    export default defineHandler({ name: 'h', run({ page, session, emit }) {
      if (page.url.endsWith('/login')) session.loggedOut();
      emit(page.url);
    } });`,
  );
  const held = Promise.withResolvers<void>();
  site.held = held.promise;
  const crawl = ['crawl', site.url, '--crawl', 'shop', '--login', runner.path('login.ts'), ...once];
  const args = [...crawl, '--handler', runner.path('handler.ts')];
  const first = runner.start(args);
  await until(() => site.logins.asked === 1, { what: 'the login has begun' });
  first.killGroup('SIGKILL');
  await first.exit;
  site.held = null;
  held.resolve();
  await until(() => site.logins.done === 1, { what: 'the site has let the dead one in' });
  const { code, stderr } = await runner.run(args);
  assert.equal(code, 0, stderr);
  const records = await runner.results('shop');
  assert.deepEqual([records.length, records.filter(({ items }) => items?.length === 1).length], [21, 21]);
  // The second login was for the dead one. After ten pages the site forgot it, and the handler noticed.
  assert.equal(site.logins.done, 3);
  assert.ok(site.refused > 0);
});

test('a login that fails is tried three times; its pages become dead letters that say why, and no secret', async (t) => {
  const site = await startLoginSite(t, { pages: 5 });
  const { runner } = await fleets.open({ ...secrets, SHOP_USER: 'nobody' });
  await writeFile(runner.path('login.ts'), loginFile);
  const one = ['crawl', site.url, '--crawl', 'file', '--login', runner.path('login.ts'), ...once];
  assert.equal((await runner.run(one)).code, 1);
  assert.equal(site.logins.asked, 3);
  const two = ['crawl', site.url, '--crawl', 'form', '--login-url', `${site.url}login`, ...form, ...once];
  assert.equal((await runner.run([...two, '--login-form', 'colour=text:red'])).code, 1);
  assert.equal(site.logins.asked, 3, 'a field that the form has not is told before anything is sent');
  const why: string[] = [];
  for (const crawl of ['file', 'form']) {
    const [record] = await runner.results(crawl);
    assert.equal(record?.error?.code, 'E_LOGIN');
    why.push(record?.error?.message ?? '');
  }
  assert.match(why[0] ?? '', /refused \[redacted\], at .*login\.ts:\d+/);
  assert.match(why[1] ?? '', /has no field colour; it has token, user, password, go/);
  assert.equal(site.served.size, 0);
});

test('a page that stays logged out ends as a dead letter, and the logins end too', async (t) => {
  const site = await startLoginSite(t, { pages: 0 });
  const { runner } = await fleets.open(secrets);
  const how = ['--login-url', `${site.url}login`, ...form, '--logged-out', 'text:in /'];
  const { code } = await runner.run(['crawl', site.url, '--crawl', 'c', ...how, ...once]);
  assert.equal(code, 1);
  const [record] = await runner.results('c');
  assert.equal(record?.error?.code, 'E_LOGIN');
  assert.match(record?.error?.message ?? '', /still shows the login/);
  assert.equal(site.logins.done, 3);
});

test('what cannot work here is refused before anything has begun', async () => {
  const { runner } = await fleets.open();
  await writeFile(runner.path('none.ts'), 'export const login = 1;');
  await writeFile(runner.path('broken.ts'), 'export default async () => { throw');
  const from = ['--login-url', 'http://a.test/login', '--login-form'];
  const rows: [string[], RegExp][] = [
    [['--logged-out', '**/login'], /--logged-out needs --login or --login-url/],
    [['--login', 'a.ts', '--logged-out', '/(/'], /--logged-out.*\/\(\//],
    [['--login-url', 'http://a.test/login', '--login-form', 'password=hunter2'], /expected field=env:NAME/],
    [['--login', 'nowhere.ts'], /--login \S*nowhere\.ts: there is no such file\.\s.*\(E_FILE\)/s],
    [['--login', runner.path('none.ts')], /none\.ts: it has no default function; write/],
    [['--login', runner.path('broken.ts')], /broken\.ts:1: /],
    [[...from, 'user=env:NOBODY'], /--login-form user=env:NOBODY: .* no variable NOBODY\./],
    [[...from, 'user=file:/nowhere'], /--login-form user=file:\/nowhere: there is no such file\./],
    [['--credentials', 'nowhere.json'], /--credentials nowhere\.json: there is no such file/],
    [['--proxy', './nowhere.txt'], /nowhere\.txt: there is no such file/],
    [['--interface', 'nowhere0'], /no interface "nowhere0"/],
  ];
  for (const [args, message] of rows) {
    const { code, stderr } = await runner.run(['crawl', 'http://127.0.0.1:1/', ...args]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  }
  assert.equal((await runner.run(['status'])).stdout.includes('127.0.0.1'), false, 'no crawl is left');
  // A next run has the login of the former one.
  const former = ['crawl', 'http://127.0.0.1:2/', '--crawl', 'former', '--attempts', '1', '--quiet'];
  await writeFile(runner.path('ok.ts'), 'export default () => undefined;');
  assert.equal((await runner.run([...former, '--login', runner.path('ok.ts')])).code, 1);
  await rm(runner.path('ok.ts'));
  const again = await runner.run(['crawl', '--again', 'former', '--logged-out', '**/login']);
  assert.match(again.stderr, /--login \S*ok\.ts: there is no such file/);
  assert.doesNotMatch((await runner.run(['status'])).stdout, /former\.2/);
});
