// The user that `drover doctor --acl` makes: everything works with exactly these rights.
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { closeRedis, connectRedis } from '../../src/redis.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { startTestRedis } from '../support/redis.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

for (const shards of ['1', '4'])
  test(`every command works with exactly the rights that doctor --acl prints, with shards: ${shards}`, (t) =>
    tryAll(t, shards));

async function tryAll(t: TestContext, shards: string): Promise<void> {
  const redis = await startTestRedis({ tcp: true });
  const admin = connectRedis({ url: redis.url }, 'script');
  const site = await startSite({ pages: 12 });
  t.after(async () => {
    closeRedis(admin);
    await Promise.all([redis.stop(), site.stop()]);
  });
  await site.behave('/p/3', { status: 500 });
  await site.behave('/hook', { status: 200 });
  const url = redis.url.replace('//', '//least:pw@');
  const runner = await openCommandRunner({
    REDIS_URL: url,
    DROVER_SHARDS: shards,
    DROVER_WEBHOOK_SECRET: `whsec_${'c2VjcmV0'.repeat(4)}`,
  });
  const { stdout: acl } = await runner.run(['doctor', '--acl']);
  assert.match(
    acl,
    shards === '1'
      ? /^ACL SETUSER least on >PASSWORD resetkeys ~\{drover:0\}:\* resetchannels &\{drover:0\}:\* -@all \+/
      : /^ACL SETUSER least on >PASSWORD resetkeys ~\{drover:0\}:\* .*~\{drover:3\}:\* resetchannels &\{drover:0\}:\* .*&\{drover:3\}:\* -@all \+/,
  );
  assert.doesNotMatch(acl, /pw\b/);
  const [line = '', , withBackups = ''] = acl.trim().split('\n');
  assert.match(withBackups, / \+client\|pause .* \+restore/);
  const [, ...words] = line.replace('PASSWORD', 'pw').split(' ');
  await admin.call('ACL', ...words);
  await admin.config('RESETSTAT');

  const works = async (...args: string[]) => {
    const { code, stdout, stderr } = await runner.run(args);
    assert.ok(code === 0 || code === 1, `${args.join(' ')}: ${code} ${stdout} ${stderr}`);
    return stdout;
  };
  assert.match(await works('doctor'), /this Redis does not report it|persistence/);
  const crawl = [
    '--ignore-robots',
    '--scope',
    'host',
    '--depth',
    '2',
    '--attempts',
    '2',
    '--backoff',
    '10ms',
  ];
  await works(
    'crawl',
    `${site.url}/`,
    '--crawl',
    'c',
    ...crawl,
    '--webhook',
    `${site.url}/hook`,
    '--allow-private',
    '127.0.0.1',
  );
  for (const command of [
    'status',
    'results c',
    'items c',
    'report c',
    'hosts list',
    'proxies',
    'dead list',
    'dead summary',
  ])
    await works(...command.split(' '));
  await works('hosts', 'set', '127.0.0.1', '--delay', '1ms');
  await works('explain', `${site.url}/p/3`);
  await site.behave('/p/3', null);
  await works('enqueue', `${site.url}/p/5?again`, '--crawl', 'd', ...crawl, '--durability', 'primary');
  for (const command of ['pause d', 'resume d', 'drain', 'resume', 'cancel d'])
    await works(...command.split(' '));
  await works('schedule', 'add', '0 3 * * *', 'nightly', `${site.url}/`, '--ignore-robots');
  await works('schedule', 'run', 'nightly');
  await works('schedule', 'list');

  const serving = runner.start(['serve', '--port', '0', '--processes', '1']);
  const [api = ''] = /http:\/\/\S+/.exec(await serving.line(/^listening on /)) ?? [];
  for (const path of ['/readyz', '/metrics', '/v1/crawls', '/v1/dead', '/'])
    assert.ok((await fetch(`${api}${path}`)).status < 500, path);
  await works('dead', 'replay', 'c');
  if (shards === '1')
    await until(async () => (await runner.status('c')).dead === 0, {
      what: 'the replay',
      deadlineMs: 20_000,
    });
  serving.kill('SIGTERM');
  await serving.exit;
  await works('schedule', 'remove', 'nightly');
  await works('forget', 'd');
  await works('purge', '--all', '--yes');

  const refused = String(await admin.info('errorstats')).match(/errorstat_NOPERM:\S+/);
  const log = (await admin.call('ACL', 'LOG')) as unknown[];
  // doctor asks how it keeps its data, and takes a refusal for an answer.
  const others = log.filter((entry) => !/config/.test(JSON.stringify(entry)));
  assert.deepEqual(others, [], String(refused));

  await admin.call('ACL', ...withBackups.trim().replace('PASSWORD', 'pw').split(' ').slice(1));
  const file = runner.path('all.backup');
  await works('backup', file);
  await works('restore', file, '--force');
  if (shards === '1') return;
  const env = { DROVER_SHARDS: '' };
  const done = await runner.run(['reshard', '2'], { env });
  assert.equal(done.code, 0, done.stderr);
}
