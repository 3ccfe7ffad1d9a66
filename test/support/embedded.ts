// Commands in processes of their own that use the embedded Redis of a data directory, and its server as one
// sees it.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeRedis, connectRedis, type Redis } from '../../src/redis.ts';

const module = new URL('../../src/embedded/embedded-redis.ts', import.meta.url).href;
const program = `
  const { ensureEmbeddedRedis, keepEmbeddedRedis } = await import(${JSON.stringify(module)});
  const before = performance.now();
  try {
    const { url } = await ensureEmbeddedRedis(process.argv[1]);
    const keeper = keepEmbeddedRedis(process.argv[1], {
      onRestart: () => console.log('restarted'),
      onFailure: (error) => console.log(error.code),
    });
    console.log(JSON.stringify({ url, ms: performance.now() - before }));
    process.stdin.once('end', () => keeper.close()).resume();
  } catch (error) {
    console.log(JSON.stringify({ code: error.code, message: error.message }));
  }`;

const cleanUps = new WeakMap<TestContext, (() => void | Promise<void>)[]>();

/** As t.after(), but the last first: users end before their server, and that before its directory goes. */
export function cleanUp(t: TestContext, work: () => void | Promise<void>): void {
  const works = cleanUps.get(t) ?? [];
  if (works.length === 0) {
    cleanUps.set(t, works);
    t.after(async () => {
      for (const each of works.toReversed()) await each();
    });
  }
  works.push(work);
}

interface Command {
  readonly process: ChildProcess;
  /** The next line that it prints. */
  next(): Promise<string>;
  /** Ends it in good order. */
  finish(): Promise<void>;
}

/** A command that uses the embedded Redis until it is told to finish. */
export function command(t: TestContext, dataDir: string, env: NodeJS.ProcessEnv = {}): Command {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, dataDir], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
    env: { ...process.env, ...env },
  });
  cleanUp(t, () => {
    child.kill('SIGKILL');
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    process: child,
    next: async () => (await lines.next()).value ?? '',
    async finish() {
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}

interface Started {
  url: string;
  ms: number;
  code?: string;
  message?: string;
}

export async function started(user: Command): Promise<Started> {
  return JSON.parse(await user.next()) as Started;
}

export function dataDirectory(t: TestContext, name = 'data'): string {
  const parent = mkdtempSync(join(tmpdir(), 'drover-embedded-'));
  cleanUp(t, async () => {
    const pid = serverPid(join(parent, name));
    if (pid && isAlive(pid)) process.kill(pid, 'SIGKILL');
    if (pid) await until('the server is gone', () => !isAlive(pid));
    rmSync(parent, { recursive: true, force: true, maxRetries: 5 });
  });
  return join(parent, name);
}

export function serverPid(dataDir: string): number {
  const file = join(dataDir, 'redis/redis.pid');
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export async function until(what: string, holds: () => boolean, withinMs = 8000): Promise<number> {
  const before = Date.now();
  while (!holds()) {
    assert.ok(Date.now() - before < withinMs, `not within ${withinMs} ms: ${what}`);
    await sleep(20);
  }
  return Date.now() - before;
}

export function client(t: TestContext, url: string): Redis {
  const redis = connectRedis({ url }, 'script');
  cleanUp(t, () => closeRedis(redis));
  return redis;
}
