// A program, not a test: crawls while processes are killed with SIGKILL at random moments, one of all that
// take part: consumers, their child processes, producers, the API server, Redis primaries and replicas,
// Sentinels. Nothing may be lost, doubled, miscounted or finished too early. It prints the figures, and all
// that is known of a failure; then the data stay where they are.
// node test/chaos/soak.ts [plain|sentinels|cluster] --kills 100 --seed N --shards 8 --pages 900
import { cp } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { openCommandRunner } from '../support/crawls.ts';
import { freePort } from '../support/redis.ts';
import {
  type RedisServers,
  startCluster,
  startPlain,
  startSentinels,
} from '../support/redis-servers/servers.ts';
import { type Kept, keep } from '../support/soak/kept.ts';
import { chanceOf } from '../support/soak/random.ts';
import { type Round, type Soaking, soakRound } from '../support/soak/round.ts';
import { SoakFailure } from '../support/soak/watch.ts';

const KILLS_A_ROUND = 10;
const always = { args: ['--appendfsync', 'always'] };
const kinds = {
  plain: { start: startPlain, primaries: 1, durability: 'primary' },
  sentinels: { start: () => startSentinels(always), primaries: 1, durability: 'replica' },
  cluster: { start: () => startCluster(always), primaries: 3, durability: 'replica' },
} as const;

const text = { type: 'string' } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kills: text, seed: text, shards: text, pages: text },
});
const kills = Number(values.kills ?? 100);
const pages = Number(values.pages ?? 900);
const shards = values.shards ?? '1';
const seed = Number(values.seed ?? Math.floor(Math.random() * 1_000_000));
const say = (line: string) => void process.stdout.write(`${line}\n`);

let isWell = true;
for (const [kind, how] of Object.entries(kinds)) {
  if (positionals.length > 0 && !positionals.includes(kind)) continue;
  say(`${kind}, ${kills} kills, seed ${seed}, shards: ${shards}`);
  const servers = await how.start();
  try {
    await soak(servers, how);
  } finally {
    await servers.stop();
  }
  if (!isWell) break;
}
process.exit(isWell ? 0 : 1);

async function soak(servers: RedisServers, how: (typeof kinds)[keyof typeof kinds]): Promise<void> {
  const runner = await openCommandRunner({
    ...{
      REDIS_URL: servers.url,
      DROVER_LOCK_DURATION: '5s',
      DROVER_DURABILITY: how.durability,
      DROVER_SHARDS: shards,
    },
  });
  const consume = (processes: string) => ['consume', '--quiet', '-c', '10', '--processes', processes];
  const consumers = [1, 2, 3].map((number) =>
    keep(runner, `consumer ${number}`, consume(number === 1 ? '2' : '1')),
  );
  const apiPort = await freePort();
  const serve = ['serve', '--port', String(apiPort), '--processes', '0', '--quiet'];
  const server = keep(runner, 'server', [...serve, '--allow-private', '127.0.0.0/8']);
  let producer: Kept | null = null;
  const soaking: Soaking = {
    ...{ servers, primaries: how.primaries, consumers, server, apiPort, runner, chance: chanceOf(seed) },
    producer: () => producer,
    setProducer(one) {
      producer = one;
    },
  };
  const rounds: Round[] = [];
  const made = () => rounds.reduce((sum, round) => sum + round.kills.length, 0);
  const flags = [
    ...['--scope', 'any', '--depth', '9999', '--per-host', '4', '--allow-private', '127.0.0.0/8'],
    ...['--dead-on', '410', '--backoff', '200ms', '--max-alike', '0'],
  ];
  try {
    while (made() < kills) {
      const most = Math.min(KILLS_A_ROUND, kills - made());
      const lists = shards === '1';
      const round = await soakRound(soaking, {
        name: `r${rounds.length + 1}`,
        pages,
        kills: most,
        lists,
        flags,
      });
      rounds.push(round);
      say(figuresOf(`round ${rounds.length}`, [round]));
    }
    say(figuresOf('all', rounds));
    const falls = [...consumers, server].filter((one) => one.falls > 0);
    for (const one of falls) say(`${one.name} gave up ${one.falls} times:\n${one.told()}`);
  } catch (error) {
    isWell = false;
    say(String((error as Error).stack));
    if (error instanceof SoakFailure) say(JSON.stringify(error.known, null, 1));
    for (const one of [...servers.servers, ...servers.sentinels])
      await cp(one.dir, runner.path(`redis-${new URL(one.url).port}`), { recursive: true });
    say(`seed ${seed}, round ${rounds.length + 1}; all data: ${runner.dir}`);
  } finally {
    await Promise.all([...consumers, server].map((one) => one.stop()));
  }
}

function figuresOf(title: string, rounds: readonly Round[]): string {
  const sum = (of: (round: Round) => number) => rounds.reduce((all, round) => all + of(round), 0);
  const byKind = new Map<string, number>();
  for (const { kind } of rounds.flatMap((round) => round.kills))
    byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
  const killed = [...byKind].map(([kind, count]) => `${count} ${kind}`).join(', ');
  const more = [
    `${sum(({ again }) => again)} fetched again`,
    `${sum(({ paused }) => paused)} ends while the producer was dead`,
    `${sum(({ replayed }) => replayed)} E_STALLED replayed`,
    `producers gave up ${sum(({ falls }) => falls)} times`,
  ];
  return `${title}: ${sum(({ pages }) => pages)} pages in ${sum(({ seconds }) => seconds).toFixed(0)} s, killed ${killed}; 0 lost, 0 doubled, ${more.join(', ')}`;
}
