// drover hosts set: sets limits of a host while it is being crawled.

import { wakeHost } from '../../src/crawl/wake-host.ts';
import { DroverError } from '../../src/errors.ts';
import { type HostLimits, limitHost, lookAtHosts } from '../../src/frontier/hosts.ts';
import { openQueues } from '../../src/queue/queue.ts';
import { hostKey } from '../../src/url/host.ts';
import { EXIT } from '../command/failures.ts';
import { openSession } from '../command/session.ts';
import type { SetOptions } from './options.ts';

/** Resolves with the exit code. Throws E_USAGE when nothing is set, E_SETTING for a wrong value. */
export async function run([host = '']: string[], options: SetOptions): Promise<number> {
  const key = hostKey(host);
  const limits = limitsOf(options);
  const session = await openSession(options.settings);
  try {
    const { fleet } = session;
    await limitHost(fleet, key, limits);
    await wakeHost(session.fleet, openQueues(session.fleet), key);
    const [state] = await lookAtHosts(fleet, [key]);
    if (options.json) process.stdout.write(`${JSON.stringify(state)}\n`);
    else process.stderr.write(`${key}: ${sentence(state?.set ?? nothing)}\n`);
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}

const nothing: HostLimits = { concurrency: null, delayMs: null, max: null, durationMs: null };

function limitsOf(options: SetOptions): Partial<HostLimits> {
  const { reset, concurrency, delayMs, max, durationMs } = options;
  if ((max === undefined) !== (durationMs === undefined))
    throw new DroverError(
      'E_USAGE',
      '--max and --duration need each other: at most --max starts in --duration.',
    );
  const limits: Partial<HostLimits> = reset ? { ...nothing } : {};
  if (concurrency !== undefined) limits.concurrency = concurrency;
  if (delayMs !== undefined) limits.delayMs = delayMs;
  if (max !== undefined) Object.assign(limits, { max, durationMs });
  if (Object.keys(limits).length === 0)
    throw new DroverError(
      'E_USAGE',
      'Give a limit to set: --concurrency, --delay, --max with --duration, or --reset.',
    );
  return limits;
}

function sentence({ concurrency, delayMs, max, durationMs }: HostLimits): string {
  const parts = [
    concurrency === null ? '' : `${concurrency} in flight`,
    delayMs === null ? '' : `${delayMs} ms between starts`,
    max === null ? '' : `${max} starts in ${durationMs} ms`,
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(', ') : 'no limits set by the operator';
}
