// Crawls that are signed, as servers see them: every request of a crawl passes a verifier that was written
// from the draft, and what is tampered with, late or sent again does not.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import test from 'node:test';
import type { OwnJwk } from '../../src/identity/keys.ts';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { authorityFile, type SignedSite, startSignedSite, type Visit } from '../support/identity/site.ts';
import { BotVerifier, type VerifierOptions } from '../support/identity/verifier.ts';
import { newNamespace } from '../support/producers.ts';
import { until } from '../support/signals.ts';

const AGENT = 'https://bot.example.com';
const fleets = openFleets();

async function runnerFor(): Promise<CommandRunner> {
  return openCommandRunner({
    NODE_EXTRA_CA_CERTS: authorityFile,
    REDIS_URL: fleets.url,
    DROVER_NAMESPACE: newNamespace(),
  });
}

interface Made {
  agent: string;
  file: string;
  keyid: string;
}

async function initIn(runner: CommandRunner, ...args: string[]): Promise<Made & { jwk: OwnJwk }> {
  const [made] = await runner.json<Made>(['identity', 'init', AGENT, '--json', ...args]);
  assert.ok(made);
  const { keys } = JSON.parse(await readFile(made.file, 'utf8'));
  return { ...made, jwk: keys[0] };
}

async function siteFor(
  t: test.TestContext,
  { keyid, jwk }: { keyid: string; jwk: OwnJwk },
  options: VerifierOptions = {},
): Promise<{ site: SignedSite; other: SignedSite }> {
  const { kty, crv, x } = jwk;
  const keys = { [keyid]: { kty, crv, x } };
  const other = await startSignedSite(new BotVerifier(keys, options));
  const site = await startSignedSite(new BotVerifier(keys, options), other.origin);
  t.after(() => Promise.all([site.close(), other.close()]));
  return { site, other };
}

const told = ({ request, verdict, status }: Visit) =>
  `${request.method} ${request.path} ${status} ${'refused' in verdict ? verdict.refused : 'accepted'}`;
const refusedIn = (visits: readonly Visit[]) =>
  visits.filter(({ verdict }) => 'refused' in verdict).map(told);

for (const profile of ['draft-01', 'string'] as const)
  test(`every request of a signed crawl passes (${profile}): pages, robots.txt, sitemaps, redirects, retries, a handler's fetches`, async (t) => {
    const runner = await runnerFor();
    const own = await initIn(runner);
    const form = profile === 'string' ? 'string' : 'dictionary';
    const { site, other } = await siteFor(t, own, { form });
    const handlers = runner.path('handlers.mjs');
    await writeFile(
      handlers,
      `export default [
        { name: 'loop', match: { url: '**/b*' }, async run({ fetch, emit }) { emit({ status: (await fetch('/by-loop')).status }); } },
        { name: 'thread', match: { url: '**/a[?]x*' }, blocking: true, async run({ fetch, emit }) { emit({ status: (await fetch('/by-thread')).status }); } },
      ];`,
    );
    const { code, stderr } = await runner.run([
      ...[
        'crawl',
        `${site.origin}/`,
        '--crawl',
        'signed',
        '--identity',
        'auto',
        '--identity-profile',
        profile,
      ],
      ...['--backoff', '20', '--per-host', '4', '--sitemap', 'auto', '--handler', handlers],
      ...['--allow-private', '127.0.0.0/8', '--quiet'],
    ]);
    assert.equal(code, 0, stderr);
    const visits = [...site.visits, ...other.visits];
    assert.deepEqual(refusedIn(visits), []);
    const paths = site.visits.map(({ request }) => request.path);
    for (const path of [
      '/robots.txt',
      '/sitemap.xml',
      '/',
      '/a?x=1&y=%20',
      '/moved',
      '/b?moved',
      '/by-loop',
      '/by-thread',
    ])
      assert.ok(paths.includes(path), `${path} in ${paths}`);
    assert.equal(paths.filter((path) => path === '/flaky').length, 3);
    assert.equal(paths.filter((path) => path === '/drops').length, 2);
    assert.deepEqual(other.visits.map(({ request }) => request.path).toSorted(), ['/robots.txt', '/there']);
    const nonces = visits.map(({ verdict }) => ('nonce' in verdict ? verdict.nonce : null));
    assert.equal(new Set(nonces).size, visits.length, 'a signature was used twice');
    const records = await runner.results('signed');
    assert.ok(
      records.every(({ ok }) => ok),
      JSON.stringify(records.filter(({ ok }) => !ok)),
    );
    const text = JSON.stringify(records) + stderr;
    assert.ok(!text.includes(own.jwk.d));
  });

test('what is tampered with, late or sent again is refused', async (t) => {
  const runner = await runnerFor();
  const own = await initIn(runner);
  let shift = 0;
  const { site } = await siteFor(t, own, { now: () => Date.now() / 1000 + shift });
  const crawl = (name: string, ...args: string[]) =>
    runner.run([
      'crawl',
      `${site.origin}/closes`,
      '--crawl',
      name,
      '--depth',
      '0',
      '--quiet',
      '--ignore-robots',
      ...args,
    ]);
  assert.equal((await crawl('one', '--identity', 'auto')).code, 0);
  const [visit] = site.visits.splice(0);
  assert.ok(visit && 'keyid' in visit.verdict);
  const verifier = () => new BotVerifier({ [own.keyid]: own.jwk });
  const again = verifier();
  assert.ok('keyid' in again.check(visit.request));
  assert.deepEqual(again.check(visit.request), { refused: 'replayed' });
  assert.deepEqual(verifier().check({ ...visit.request, path: '/admin' }), { refused: 'signature' });
  assert.deepEqual(new BotVerifier({}).check(visit.request), { refused: 'unknown key' });

  shift = 3600;
  await crawl('late', '--identity', 'auto');
  shift = 0;
  await crawl('unsigned');
  const verdicts = site.visits.map(({ verdict }) => ('refused' in verdict ? verdict.refused : 'accepted'));
  assert.deepEqual(verdicts, ['expired', 'unreadable: no signature-input']);
  const [record] = await runner.results('unsigned');
  assert.match(record?.error?.message ?? '', /asks for a signature/);
});

test('requests over http are not signed, and headers of the user do not stand in for a signature', async (t) => {
  const runner = await runnerFor();
  const own = await initIn(runner);
  const { site } = await siteFor(t, own);
  const forged = ['--header', 'signature: sig1=:AAAA:', '--header', 'signature-agent: "https://cat.example"'];
  const { code } = await runner.run([
    ...[
      'crawl',
      `${site.origin}/closes`,
      '--crawl',
      'c',
      '--depth',
      '0',
      '--identity',
      'auto',
      '--quiet',
      ...forged,
    ],
  ]);
  assert.equal(code, 0);
  assert.deepEqual(refusedIn(site.visits), []);
  const plain: Record<string, unknown>[] = [];
  const server = createServer(({ headers }, response) => {
    plain.push(headers);
    response.end('x');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  const { port } = server.address() as { port: number };
  await runner.run([
    'crawl',
    `http://127.0.0.1:${port}/`,
    '--crawl',
    'p',
    '--depth',
    '0',
    '--identity',
    'auto',
    '--quiet',
  ]);
  assert.ok(
    plain.length > 0 &&
      plain.every((headers) => !('signature' in headers) && !('signature-agent' in headers)),
  );
});

test('a consumer without the key says so and fetches nothing; when the key comes, the crawl goes on', async (t) => {
  const runner = await runnerFor();
  const own = await initIn(runner);
  const { site } = await siteFor(t, own);
  await rename(own.file, `${own.file}.away`);
  const refused = await runner.run([
    'crawl',
    `${site.origin}/`,
    '--crawl',
    'c',
    '--identity',
    'auto',
    '--quiet',
  ]);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /E_IDENTITY_NONE/);
  const enqueued = await runner.run([
    'enqueue',
    `${site.origin}/closes`,
    '--crawl',
    'c',
    '--identity',
    'auto',
    '--depth',
    '0',
  ]);
  assert.equal(enqueued.code, 0, enqueued.stderr);
  const consumer = runner.start(['consume', '--processes', '1']);
  await consumer.line(/E_IDENTITY_NONE/);
  assert.equal(site.visits.length, 0);
  await rename(`${own.file}.away`, own.file);
  await until(async () => (await runner.status('c')).state === 'finished', {
    what: 'the crawl',
    deadlineMs: 20_000,
  });
  consumer.kill('SIGTERM');
  await consumer.exit;
  assert.deepEqual(refusedIn(site.visits), []);
  assert.ok(site.visits.length > 0);
});

test('an identity is made once, for its owner alone, and never shown with its key', async () => {
  const runner = await openCommandRunner();
  const own = await initIn(runner, '--contact', 'bot@example.com', '--name', 'Shop bot');
  assert.equal((await stat(own.file)).mode & 0o777, 0o600);
  const again = await runner.run(['identity', 'init', AGENT]);
  assert.equal(again.code, 2);
  assert.match(again.stderr, /E_FILE_EXISTS/);
  const wrong = await runner.run(['identity', 'init', 'http://bot.example.com']);
  assert.match(wrong.stderr, /expected an https URL/);
  const { stdout } = await runner.run(['identity']);
  assert.match(stdout, new RegExp(`^key +${own.keyid}, in use$`, 'm'));
  const [shown] = await runner.json<{ card: { contacts: string[] } }>(['identity', 'show', '--json']);
  assert.ok(!JSON.stringify(shown).includes(own.jwk.d) && !stdout.includes(own.jwk.d));
  assert.deepEqual(shown?.card.contacts, ['mailto:bot@example.com']);
  const [renewed] = await runner.json<Made>(['identity', 'init', AGENT, '--renew', '--json']);
  assert.notEqual(renewed?.keyid, own.keyid);
  const after = await runner.run(['identity', 'show']);
  assert.match(after.stdout, new RegExp(`${renewed?.keyid}, signs from .*\\n.*${own.keyid}, listed until`));
  await chmod(own.file, 0o600);
  await writeFile(own.file, '{"agent": "https://bot.example.com", "keys": [{"d": "secret-of-mine"}]}');
  const broken = await runner.run(['identity', 'show']);
  assert.equal(broken.code, 2);
  assert.match(broken.stderr, /keys\.0 is no private Ed25519 key[\s\S]*E_IDENTITY\b/);
  assert.ok(!broken.stderr.includes('secret-of-mine'));
});
