// One crawl of which processes are killed at random moments, and what must be true of it in the end.
import { setTimeout as sleep } from 'node:timers/promises';
import type { CrawlCounts } from '../../../src/crawl/progress.ts';
import { keysOf, namespaceOf } from '../../../src/keys.ts';
import { closeRedis, connectRedis, type Redis } from '../../../src/redis.ts';
import { assertAddsUp, type CommandRunner } from '../crawls.ts';
import { until } from '../signals.ts';
import { type Kept, keep } from './kept.ts';
import type { Chance } from './random.ts';
import { chooseVictim, type SoakFleet, type VictimKind } from './victims.ts';
import { startWovenSite, type WovenSite } from './woven-site.ts';

export interface RoundOptions {
  /** The name of its crawl. */
  name: string;
  pages: number;
  kills: number;
  /** More flags of the crawl. */
  flags: readonly string[];
}

export interface Kill {
  /** Since the round began, in milliseconds. */
  at: number;
  kind: VictimKind;
  name: string;
  /** When it was started again, if that was the soak's to do. */
  backAt: number | null;
}

export interface Round {
  seconds: number;
  pages: number;
  kills: Kill[];
  /** Answers of the site that a crawl without kills would not have asked for. */
  again: number;
  /** How often it was finished while its producer was dead or had just come back, so that it had to go on. */
  paused: number;
  /** Requests that three deaths of their consumers had ended, and that were replayed. */
  replayed: number;
  /** How often a process gave up by itself, and was started again. */
  falls: number;
}

/** A fleet that soaks: all that a round needs and that outlives it. */
export interface Soaking extends SoakFleet {
  runner: CommandRunner;
  chance: Chance;
  setProducer(producer: Kept | null): void;
}

/** What a round has found wrong, with all that is known of it. */
export class SoakFailure extends Error {
  readonly known: Record<string, unknown>;
  constructor(message: string, known: Record<string, unknown>) {
    super(message);
    this.known = known;
  }
}

/** A producer that has come back counts as offering again after this time at the latest. */
const COMES_BACK_MS = 4000;
const LONGEST_MS = 180_000;

/** Crawls to the end. Throws a SoakFailure when something is lost, doubled, miscounted or finished early. */
export async function soakRound(soaking: Soaking, options: RoundOptions): Promise<Round> {
  const { runner, servers, chance } = soaking;
  const { name, pages, flags } = options;
  const begun = performance.now();
  const listed = Math.round(pages * chance.between(0.3, 0.6));
  const hosts = 4 + chance.below(8);
  const site = await startWovenSite(chance, { pages, listed, hosts, latencyMs: [5, 60] });
  const redis = connectRedis({ url: servers.url, namespace: namespaceOf('drover') }, 'producer');
  const give = givingOf(site.list, chance.between(4000, 9000));
  const command = chance.next() < 0.3 ? 'crawl' : 'enqueue';
  const producer = keep(runner, command, [command, '-', '--crawl', name, '--quiet', ...flags], {
    options: () => ({ input: give() }),
    doneWith: command === 'crawl' ? [0, 1] : [0],
    // Who gives the list to a crawl that has ended, with all of it offered, begins another one.
    isNeeded: () =>
      until(() => isUnfinished(redis, name), { what: 'Redis', deadlineMs: 30_000 }).then(
        (is) => is === 'yes',
      ),
  });
  soaking.setProducer(producer);
  const kills: Kill[] = [];
  const looks = watch(redis, name);
  let isOver = false;
  const killing = killAll(soaking, options.kills, { kills, begun, isOver: () => isOver });
  const known = () => ({
    ...{ round: options, kills, states: looks.states, producer: producer.told() },
    consumers: soaking.consumers.map((one) => one.told().slice(-2000)),
  });
  try {
    let [paused, replayed, since] = [0, 0, 0];
    for (;;) {
      const at = Math.max(since, await nextEnd(looks, producer, known));
      if (!producer.isDone) {
        await sleep(300); // it may just be on its way out
        if (!producer.isDone) {
          if (producer.isUp && at - producer.since > COMES_BACK_MS)
            throw new SoakFailure('finished while its producer was at work', { at: at - begun, ...known() });
          paused++;
          await producer.done;
          since = performance.now();
          continue;
        }
      }
      const early = site.unansweredAt(at);
      const letters = await deadOf(runner, name);
      const stalled = letters.filter(({ code }) => code === 'E_STALLED');
      if (stalled.length > 0) {
        replayed += stalled.length;
        await mustRun(runner, ['dead', 'replay', name, '--code', 'E_STALLED', '--canary', '0', '--wait']);
        since = performance.now();
        continue;
      }
      if (early.length > 0)
        throw new SoakFailure(`finished ${early.length} pages too early`, {
          ...{ at: at - begun, early: early.slice(0, 20), counts: await runner.status(name) },
          ...known(),
        });
      break;
    }
    isOver = true;
    await killing;
    const trouble = await lookAtEnd(soaking, name, site);
    if (trouble) throw new SoakFailure(trouble.what, { ...trouble, ...known() });
    const falls = producer.falls;
    const seconds = (performance.now() - begun) / 1000;
    return { seconds, pages: site.recorded.size, kills, again: site.again(), paused, replayed, falls };
  } finally {
    isOver = true;
    await killing.catch(() => undefined);
    soaking.setProducer(null);
    await producer.stop();
    looks.stop();
    closeRedis(redis);
    await site.stop();
  }
}

/** The list in pieces, over some time. Each producer gets it from its beginning, former pieces at once. */
function givingOf(list: readonly string[], lastsMs: number): () => AsyncGenerator<string> {
  const begun = performance.now();
  return async function* give() {
    for (let given = 0; given < list.length; ) {
      const due = Math.ceil(((performance.now() - begun) / lastsMs) * list.length);
      const piece = list.slice(given, Math.min(due, list.length));
      given += piece.length;
      if (piece.length > 0) yield `${piece.join('\n')}\n`;
      await sleep(20 + Math.random() * 200);
    }
  };
}

/** Whether the crawl has not ended, or not all of the list was offered; null while Redis does not say. */
async function isUnfinished(redis: Redis, name: string): Promise<'yes' | 'no' | null> {
  const key = keysOf(namespaceOf('drover')).crawl(name);
  const [state, offering] = await redis.hmget(key, 'state', 'offering').catch(() => [undefined]);
  if (state === undefined) return null;
  return state === 'finished' && offering === null ? 'no' : 'yes';
}

interface Watch {
  /** Each change of the crawl's state, by its time. */
  states: { at: number; state: string; accepted: number; recorded: number }[];
  stop(): void;
}

/** Looks at the state of the crawl in Redis, some ten times a second. */
function watch(redis: Redis, name: string): Watch {
  const keys = keysOf(namespaceOf('drover'));
  const states: Watch['states'] = [];
  let isOver = false;
  const look = async () => {
    while (!isOver) {
      const [state, accepted, recorded] = await redis
        .hmget(keys.crawl(name), 'state', 'accepted', 'recorded')
        .catch(() => [null]);
      if (state && state !== states.at(-1)?.state)
        states.push({ at: performance.now(), state, accepted: Number(accepted), recorded: Number(recorded) });
      await sleep(50);
    }
  };
  void look();
  return {
    states,
    stop() {
      isOver = true;
    },
  };
}

/** When the crawl is finished: the time of its end. */
async function nextEnd(looks: Watch, producer: Kept, known: () => Record<string, unknown>): Promise<number> {
  const deadlineMs = LONGEST_MS;
  try {
    return await until(() => looks.states.at(-1)?.state === 'finished' && looks.states.at(-1)?.at, {
      ...{ what: 'the crawl to end', deadlineMs, everyMs: 20 },
    });
  } catch (error) {
    const { message } = error as Error;
    throw new SoakFailure(message, { ...known(), isDone: producer.isDone, up: producer.isUp });
  }
}

/** Kills and starts again, until `count` were killed or the crawl is over. */
async function killAll(
  soaking: Soaking,
  count: number,
  { kills, begun, isOver }: { kills: Kill[]; begun: number; isOver: () => boolean },
): Promise<void> {
  const { chance } = soaking;
  const coming: Promise<void>[] = [];
  while (kills.length < count) {
    await sleepUnless(isOver, chance.between(100, 2500));
    if (isOver()) break;
    const victim = await chooseVictim(soaking, chance);
    const awayMs = chance.next() < 0.4 ? chance.between(0, 500) : chance.between(500, 4000);
    victim.kill();
    const kill: Kill = {
      ...{ at: performance.now() - begun, kind: victim.kind, name: victim.name, backAt: null },
    };
    kills.push(kill);
    const { back } = victim;
    if (!back) continue;
    const comeBack = async () => {
      await sleep(awayMs);
      await back();
      kill.backAt = performance.now() - begun;
    };
    coming.push(comeBack());
  }
  await Promise.all(coming);
}

async function sleepUnless(isOver: () => boolean, ms: number): Promise<void> {
  const end = performance.now() + ms;
  while (!isOver() && performance.now() < end) await sleep(20);
}

interface Letter {
  code: string;
  url: string;
}

async function deadOf(runner: CommandRunner, name: string): Promise<Letter[]> {
  const out = await mustRun(runner, ['dead', 'list', name, '--json', '--limit', '10000']);
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** Runs a command as a user does, who tries again while Redis is away. */
async function mustRun(runner: CommandRunner, args: readonly string[]): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const { code, stdout, stderr } = await runner.run(args);
    if (code === 0) return stdout;
    if (code !== 3 || attempt === 10) throw new Error(`${args.join(' ')}: ${code}\n${stderr}`);
    await sleep(1000);
  }
}

/** What is wrong with a crawl that has ended; null if nothing. */
async function lookAtEnd(
  { runner }: Soaking,
  name: string,
  site: WovenSite,
): Promise<({ what: string } & Record<string, unknown>) | null> {
  const counts = JSON.parse(await mustRun(runner, ['status', name, '--json'])) as CrawlCounts;
  const urls = (await mustRun(runner, ['results', name]))
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { url: string }).url);
  const found = new Set(urls);
  const dead = (await deadOf(runner, name)).map(({ url }) => url);
  const story = (list: string[]) =>
    list.slice(0, 10).map((url) => ({ url, answers: site.answers.get(url) ?? [] }));
  const expected = new Set([...site.recorded, ...site.dead, ...site.refused]); // these have records too
  const lost = [...expected].filter((url) => !found.has(url));
  if (lost.length > 0) return { what: `${lost.length} pages are lost`, lost: story(lost), counts };
  const doubled = urls.filter((url, index) => urls.indexOf(url) !== index);
  if (doubled.length > 0) return { what: `${doubled.length} pages twice`, doubled: story(doubled), counts };
  const odd = urls.filter((url) => !expected.has(url));
  if (odd.length > 0) return { what: `${odd.length} records that nobody expects`, odd: story(odd), counts };
  if (dead.toSorted().join() !== [...site.dead].toSorted().join())
    return { what: 'other dead letters than expected', dead, expected: [...site.dead], counts };
  try {
    assertAddsUp(counts);
  } catch (error) {
    return { what: `the counters do not add up: ${(error as Error).message}`, counts };
  }
  const { state, recorded, dead: deadCount, refused, waiting } = counts;
  const figures = [state, recorded, deadCount, refused, waiting].join();
  const right = ['finished', site.recorded.size, site.dead.size, site.refused.size, 0].join();
  if (figures !== right) return { what: `the counters are ${figures} instead of ${right}`, counts };
  return null;
}
