// drover hosts resume: ends the pause of a host.

import { wakeHost } from '../../src/crawl/wake-host.ts';
import { lookAtHosts, resumeHost } from '../../src/frontier/hosts.ts';
import type { Hold } from '../../src/politeness/held-back.ts';
import { openQueues } from '../../src/queue/queue.ts';
import { hostKey } from '../../src/url/host.ts';
import { EXIT } from '../command/failures.ts';
import { openSession } from '../command/session.ts';
import type { LookOptions } from '../options.ts';

/** What resuming ends: a pause, and a slower pace for failures or latency. */
const isEnded = ({ kind, why }: Hold) => kind === 'paused' || why === 'failures' || why === 'latency';

/** Resolves with the exit code. Throws E_USAGE. */
export async function run([host = '']: string[], options: LookOptions): Promise<number> {
  const key = hostKey(host);
  const session = await openSession(options.settings);
  try {
    const [before] = await lookAtHosts(session.fleet, [key]);
    const changed = before?.holds.some(isEnded) ?? false;
    await resumeHost(session.fleet, key);
    await wakeHost(session.fleet, openQueues(session.fleet), key);
    if (options.json) process.stdout.write(`${JSON.stringify({ key, pausedMs: 0, changed })}\n`);
    else process.stderr.write(`${key} ${changed ? 'is resumed' : 'was not paused'}\n`);
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}
