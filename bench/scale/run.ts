// Runs one simulation: starts the Redis processes and the drivers, reads what they say at each tenth of the
// way, and ends when all is decided or the memory is used up.
import { availableParallelism, freemem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectionsOf, type Fleet } from '../../src/fleet.ts';
import { startTestRedis, type TestRedis } from '../../test/support/redis.ts';
import { residentOf } from '../measure/process-tree.ts';
import { busySeconds, usageOf } from '../measure/process-use.ts';
import { type Driver, startDriver } from './driver.ts';
import { readScale, type ScaleReading, sum } from './readings.ts';
import { noWork, type WorkDone } from './shard-crawl.ts';
import { beginScaleCrawl, openShards } from './shards.ts';
import type { Web } from './web.ts';

export interface ScaleOptions {
  redis: number;
  /** A power of two. */
  shards: number;
  /** URLs to test against the seen set. */
  urls: number;
  seeds: number;
  web: Web;
  delayMs: number;
  window: number;
  drivers: number;
  withQueue: boolean;
  /** Share of the memory that is free at the beginning. */
  mostMemory: number;
  mostSeconds: number;
}

/** Where the simulation was at one moment. */
export interface ScaleMark {
  /** Since the first dispatch. */
  seconds: number;
  work: WorkDone;
  reading: ScaleReading;
  /** CPU seconds of the drivers, and of everything on this machine. */
  driverSeconds: number;
  busySeconds: number;
  /** Resident memory of Redis and the drivers. */
  residentBytes: number;
}

export interface ScaleRun {
  /** The beginning, then one at each tenth that was reached, then the end. */
  marks: ScaleMark[];
  end: 'done' | 'memory' | 'time';
  /** All that was done, when nothing was in hand any more, and how many of the tested URLs were new. */
  total: WorkDone & { fresh: number };
  /** Of Redis without the crawl. */
  emptyBytes: number;
  cores: number;
}

const LOOK_MS = 100;

/**
 * `onMark` hears of each mark but the first. Rejects when a driver fails, or when the counters do not add up.
 */
export async function runScale(options: ScaleOptions, onMark: (run: ScaleRun) => void): Promise<ScaleRun> {
  const mostBytes = options.mostMemory * freemem();
  const servers = await Promise.all(Array.from({ length: options.redis }, () => startTestRedis()));
  const urls = servers.map(({ url }) => url);
  const home = openShards(urls, options.shards);
  let drivers: Driver[] = [];
  try {
    const empty = await Promise.all(connectionsOf(home).map((redis) => redis.info('memory')));
    const emptyBytes = empty.reduce((all, info) => all + Number(/^used_memory:(\d+)/m.exec(info)?.[1]), 0);
    await beginScaleCrawl(home, options);
    drivers = startDrivers(urls, options);
    const run: ScaleRun = {
      ...{ marks: [], end: 'done', emptyBytes, cores: availableParallelism() },
      total: { ...noWork(), fresh: 0 },
    };
    await watch(run, { options, servers, home, drivers, mostBytes }, onMark);
    return run;
  } finally {
    for (const driver of drivers) driver.kill();
    for (const redis of connectionsOf(home)) redis.disconnect();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function startDrivers(urls: readonly string[], options: ScaleOptions): Driver[] {
  const { shards, drivers, web, window, withQueue, seeds } = options;
  const all = Array.from({ length: shards }, (_, shard) => shard);
  return Array.from({ length: drivers }, (_, index) =>
    startDriver({
      ...{ urls, shards, web, window, withQueue, firstNumber: seeds + index, step: drivers },
      own: all.filter((shard) => shard % drivers === index),
    }),
  );
}

interface Running {
  options: ScaleOptions;
  servers: readonly TestRedis[];
  home: Fleet;
  drivers: readonly Driver[];
  mostBytes: number;
}

async function watch(run: ScaleRun, running: Running, onMark: (run: ScaleRun) => void): Promise<void> {
  const { options, servers, drivers, mostBytes } = running;
  const startedAt = performance.now();
  const mark = async () => {
    const tell = () => Promise.all(drivers.map((driver) => driver.tell()));
    const reading = await readScale(running.home, tell);
    const pids = drivers.map(({ pid }) => pid);
    run.marks.push({
      seconds: (performance.now() - startedAt) / 1000,
      ...{ work: sumOf(drivers), reading, busySeconds: busySeconds() },
      driverSeconds: pids.reduce((all, pid) => all + usageOf(pid).cpuSeconds, 0),
      residentBytes: resident(servers, drivers),
    });
    if (run.marks.length > 1) onMark(run);
  };
  await mark();
  for (let tenth = 1; tenth <= 10 && run.end === 'done'; tenth++) {
    const isThere = () => sumOf(drivers).tested >= (options.urls * tenth) / 10;
    while (run.end === 'done' && !isThere()) {
      await sleep(LOOK_MS);
      if (drivers.some((driver) => driver.failed())) throw new Error('a driver failed; see its error above');
      if (resident(servers, drivers) > mostBytes) run.end = 'memory';
      else if (performance.now() - startedAt > options.mostSeconds * 1000) run.end = 'time';
    }
    await mark();
  }
  await Promise.all(drivers.map((driver) => driver.stop()));
  run.total = await totalOf(running);
}

/** Throws unless each page that ended in a driver is recorded once in Redis. */
async function totalOf({ home, drivers, options }: Running): Promise<ScaleRun['total']> {
  const { recorded, seen } = await readScale(home);
  const work = sumOf(drivers);
  if (sum(recorded) !== work.pages || work.pages === 0)
    throw new Error(`${work.pages} pages ended, and ${sum(recorded)} are recorded`);
  return { ...work, fresh: sum(seen) - options.seeds };
}

function resident(servers: readonly TestRedis[], drivers: readonly Driver[]): number {
  return sum([...servers, ...drivers].map(({ pid }) => residentOf(pid)));
}

function sumOf(drivers: readonly Driver[]): WorkDone {
  const all = noWork();
  for (const driver of drivers) {
    const work = driver.work();
    for (const kind of Object.keys(all) as (keyof WorkDone)[]) all[kind] += work[kind];
  }
  return all;
}
