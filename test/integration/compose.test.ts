import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { askedAgain } from '../support/politeness/auditor.ts';
import { spawnDrover, spawnProgram, until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';
import { temporaryDirectory } from '../support/temporary.ts';

interface Service {
  command: string[];
  entrypoint?: string[];
  environment?: Record<string, string>;
  healthcheck?: { test: string[] };
  user?: string;
}

const compose = parse(
  await readFile(fileURLToPath(new URL('../../docker-compose.yml', import.meta.url)), 'utf8'),
  { merge: true },
) as {
  services: Record<'redis' | 'consumer' | 'api' | 'enqueue' | 'results', Service>;
};
const { redis, consumer, api, enqueue, results } = compose.services;

test('Redis in docker-compose.yml keeps an append-only file and evicts nothing', () => {
  const line = redis.command.join(' ');
  assert.match(line, /^redis-server /);
  assert.match(line, /--appendonly yes/);
  assert.match(line, /--maxmemory-policy noeviction/);
});

test('every lasting service has a healthcheck, and drover runs without root', () => {
  for (const service of [redis, consumer, api]) assert.ok(service.healthcheck);
  for (const service of [consumer, api, enqueue, results]) assert.equal(service.user, 'node');
});

test('the commands of docker-compose.yml, with its environment and two consumers, fetch a list', async (t) => {
  const site = await startSite({ pages: 40 });
  t.after(() => site.stop());
  const dir = await temporaryDirectory('compose');
  const port = await freePort();
  const server = spawn(redis.command[0] ?? '', [
    ...redis.command.slice(1),
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--dir',
    dir,
    '--save',
    '',
    '--logfile',
    `${dir}/redis.log`,
  ]);
  t.after(() => server.kill('SIGKILL'));
  const start = (service: Service, args: string[] | null, input = '') => {
    const environment = Object.fromEntries(
      Object.entries(service.environment ?? {}).map(([name, value]) => [
        name,
        resolved(value).replace('redis:6379', `127.0.0.1:${port}`).replace('/data', dir),
      ]),
    );
    const words = [...(service.entrypoint?.slice(2) ?? []), ...(args ?? service.command)];
    return spawnDrover(words, { env: environment, input });
  };
  const consumers = [start(consumer, null), start(consumer, null)];
  const list = Array.from({ length: 40 }, (_, index) => `${site.url}/p/${index}\n`).join('');
  const offered = start(enqueue, [...enqueue.command, '--per-host', '10'], list);
  assert.equal((await offered.exit).code, 0, offered.stderr());
  const health = consumer.healthcheck?.test.slice(3) ?? [];
  const healthy = start(consumer, health);
  assert.equal((await healthy.exit).code, 0, healthy.stderr());
  const status = async () => {
    const look = start(consumer, ['status', 'list', '--json']);
    await look.exit;
    return JSON.parse(look.stdout());
  };
  await until(async () => (await status()).state === 'finished', {
    what: 'the list to be fetched',
    deadlineMs: 30_000,
    everyMs: 200,
  });
  for (const process of consumers) process.kill('SIGTERM');
  for (const process of consumers) assert.equal((await process.exit).code, 0, process.stderr());
  const read = start(results, null);
  assert.equal((await read.exit).code, 0);
  assert.equal(read.stdout().trim().split('\n').length, 40);
  assert.deepEqual(askedAgain((await site.log()).filter(({ path }) => path !== '/robots.txt')), []);
});

test('the API of docker-compose.yml serves with a token, and not without one', async () => {
  const data = await temporaryDirectory('compose-api');
  const without = spawnDrover(api.command, { env: { DROVER_DATA_DIR: data, DROVER_API_TOKEN: '' } });
  assert.equal((await without.exit).code, 2);
  assert.match(without.stderr(), /E_OPEN_DOOR/);
  const words = api.command.map((word) => (word === '0.0.0.0' ? '127.0.0.1' : word));
  const env = { DROVER_DATA_DIR: data, DROVER_API_TOKEN: 'a-token-for-the-test' };
  const serving = spawnDrover([...words, '--port', '0'], { env });
  const [url = ''] = /http:\/\/\S+/.exec(await serving.line(/^listening on /)) ?? [];
  const authorization = `Bearer ${env.DROVER_API_TOKEN}`;
  assert.equal((await fetch(`${url}/v1/crawls`)).status, 401);
  assert.equal((await fetch(`${url}/v1/crawls`, { headers: { authorization } })).status, 200);
  const probe = (api.healthcheck?.test.slice(2) ?? []).map((word) =>
    word.replace('http://127.0.0.1:3300', url),
  );
  const [, script = ''] = probe;
  assert.equal((await spawnProgram(['-e', script]).exit).code, 0, script);
});

/** As Compose does without that variable: `${NAME:-default}`. */
function resolved(value: string): string {
  return value.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
