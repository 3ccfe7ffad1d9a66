// One crawl of which processes are killed at random moments, and what must be true of it in the end.
import { setTimeout as sleep } from 'node:timers/promises';
import { namespaceOf } from '../../../src/keys.ts';
import { closeRedis, connectRedis } from '../../../src/redis.ts';
import type { CommandRunner } from '../crawls.ts';
import { until } from '../signals.ts';
import { deadOf, lookAtEnd, mustRun } from './end.ts';
import { type Kept, keep } from './kept.ts';
import { postAll } from './post.ts';
import type { Chance } from './random.ts';
import { chooseVictim, type SoakFleet, type VictimKind } from './victims.ts';
import { isUnfinished, judgeProducer, nextEnd, SoakFailure, watch } from './watch.ts';
import { startWovenSite, type WovenOptions } from './woven-site.ts';

export interface RoundOptions {
  /** The name of its crawl. */
  name: string;
  pages: number;
  kills: number;
  /** Whether dead letters can be listed. */
  lists: boolean;
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
  /** The port of `server`. */
  apiPort: number;
  setProducer(producer: Kept | null): void;
}

/** Crawls to the end. Throws a SoakFailure when something is lost, doubled, miscounted or finished early. */
export async function soakRound(soaking: Soaking, options: RoundOptions): Promise<Round> {
  const { runner, servers, chance } = soaking;
  const { name, flags } = options;
  const begun = performance.now();
  const shape = shapeOf(options.pages, chance);
  const site = await startWovenSite(chance, shape);
  const redis = connectRedis({ url: servers.url, namespace: namespaceOf('drover') }, 'producer');
  const byApi = site.list.slice(Math.round(site.list.length * chance.between(0.6, 1)));
  const posted = { isDone: byApi.length === 0 };
  const lastsMs = chance.between(4000, 9000);
  const give = givingOf(site.list.slice(0, site.list.length - byApi.length), lastsMs, posted);
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
  const posting = postAll(soaking.apiPort, { name, urls: byApi, lastsMs, chance, isOver: () => isOver }).then(
    () => {
      posted.isDone = true;
    },
  );
  posting.catch(() => undefined);
  const killing = killAll(soaking, options.kills, { kills, begun, isOver: () => isOver });
  const known = () => ({
    ...{ round: options, kills, states: looks.states, producer: producer.told() },
    consumers: soaking.consumers.map((one) => one.told().slice(-2000)),
  });
  const told = (at: number) => ({ at: at - begun, ...known() });
  try {
    let [paused, replayed] = [0, 0];
    for (;;) {
      const at = await nextEnd(looks, producer, known);
      const found = await judgeProducer(producer, at);
      if (found === 'at work') throw new SoakFailure('finished while its producer was at work', told(at));
      if (found === 'away') {
        paused++;
        continue;
      }
      const early = site.unansweredAt(at);
      const stalled = (await deadOf(runner, name)).filter(({ code }) => code === 'E_STALLED');
      replayed += stalled.length;
      if (stalled.length > 0)
        await mustRun(runner, ['dead', 'replay', name, '--code', 'E_STALLED', '--canary', '0', '--wait']);
      else if (early.length === 0) break;
      else
        throw new SoakFailure(`finished ${early.length} pages too early`, {
          ...{ early: early.slice(0, 20), counts: await runner.status(name) },
          ...told(at),
        });
    }
    isOver = true;
    await Promise.all([killing, posting]);
    const trouble = await lookAtEnd(runner, name, site, options.lists);
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

/**
 * By chance a site of which much waits all the time, or one of which seldom more than a page or two wait:
 * then the crawl is never far from its end.
 */
function shapeOf(pages: number, chance: Chance): WovenOptions {
  const hosts = 4 + chance.below(8);
  const latencyMs = [5, 60] as const;
  if (chance.next() < 0.5)
    return { pages, hosts, latencyMs, listed: Math.round(pages * chance.between(0.3, 0.6)), width: pages };
  const few = Math.round(pages / 6);
  return { pages: few, hosts, latencyMs, listed: 10 + chance.below(30), width: 1 + chance.below(3) };
}

/**
 * The list in pieces, over some time. Each producer gets it from its beginning, former pieces at once, and
 * stays until the others are posted.
 */
function givingOf(
  list: readonly string[],
  lastsMs: number,
  posted: { isDone: boolean },
): () => AsyncGenerator<string> {
  const begun = performance.now();
  return async function* give() {
    for (let given = 0; given < list.length || !posted.isDone; ) {
      const due = Math.ceil(((performance.now() - begun) / lastsMs) * list.length);
      const piece = list.slice(given, Math.min(due, list.length));
      given += piece.length;
      if (piece.length > 0) yield `${piece.join('\n')}\n`;
      await sleep(20 + Math.random() * 200);
    }
  };
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
