// drover hosts resume: ends the pause of a host.

import { wakeHost } from '../../src/crawl/wake-host.ts';
import { resumeHost } from '../../src/frontier/hosts.ts';
import { openQueue } from '../../src/queue/queue.ts';
import { hostKey } from '../../src/url/host.ts';
import { EXIT } from '../command/failures.ts';
import { openSession } from '../command/session.ts';
import type { LookOptions } from '../options.ts';

/** Resolves with the exit code. */
export async function run([host = '']: string[], options: LookOptions): Promise<number> {
  const key = hostKey(host);
  const session = await openSession(options.settings);
  try {
    await resumeHost(session.fleet, key);
    await wakeHost(session.fleet, openQueue(session.fleet), key);
    if (options.json) process.stdout.write(`${JSON.stringify({ key, pausedMs: 0 })}\n`);
    else process.stderr.write(`${key} is resumed\n`);
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}
