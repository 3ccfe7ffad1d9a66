// drover hosts pause: no fetch starts at a host, for a time or until it is resumed.
import { parseSetting } from '../../src/config/parse.ts';
import { wakeHost } from '../../src/crawl/wake-host.ts';
import { FOR_GOOD_MS, pauseHost } from '../../src/frontier/hosts.ts';
import { openQueues } from '../../src/queue/queue.ts';
import { hostKey } from '../../src/url/host.ts';
import { EXIT } from '../command/failures.ts';
import { openSession } from '../command/session.ts';
import type { PauseOptions } from './options.ts';

/** Resolves with the exit code. */
export async function run([host = '']: string[], options: PauseOptions): Promise<number> {
  const key = hostKey(host);
  const durationMs = options.for === undefined ? FOR_GOOD_MS : parseSetting('maxPause', options.for, '--for');
  const session = await openSession(options.settings);
  try {
    await pauseHost(session.fleet, key, durationMs);
    await wakeHost(session.fleet, openQueues(session.fleet), key);
    if (options.json) process.stdout.write(`${JSON.stringify({ key, pausedMs: durationMs })}\n`);
    else process.stderr.write(`${key} is paused${options.for === undefined ? '' : ` for ${options.for}`}\n`);
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}
