// What commands with --again have in common.
import type { Enqueuing } from '../../producers/enqueue.ts';
import type { Settings } from '../../src/config/settings.ts';
import { DroverError } from '../../src/errors.ts';
import type { EnqueueOptions } from '../options.ts';
import type { Session } from './session.ts';

/** Throws E_USAGE when seeds, or a name, are given besides --again, and for --only-due without it. */
export function checkAgain(
  seeds: readonly string[],
  { again, crawl, settings }: Pick<EnqueueOptions, 'again' | 'crawl' | 'settings'>,
): void {
  if (again === undefined) {
    if (!settings.onlyDue) return;
    throw new DroverError(
      'E_USAGE',
      '--only-due is for a crawl that has a former run: write --again NAME in place of the seeds.',
    );
  }
  if (seeds.length > 0)
    throw new DroverError(
      'E_USAGE',
      `--again takes the seeds of the former run. To give seeds (${seeds[0]}), write --crawl ${again} in place of --again.`,
    );
  if (crawl !== undefined)
    throw new DroverError('E_USAGE', `--again ${again} names the crawl: leave out --crawl ${crawl}.`);
}

/** See enqueueAgain. `prepare` is given by a command that fetches too. */
export async function againByCommand(
  { fleet, settings }: Session,
  again: string,
  { settings: given }: Pick<EnqueueOptions, 'settings'>,
  prepare?: (settings: Settings) => Promise<void>,
): Promise<Enqueuing> {
  const { enqueueAgain } = await import('../../producers/again.ts');
  return enqueueAgain({ fleet, settings, given, again, ...(prepare ? { prepare } : {}) });
}
