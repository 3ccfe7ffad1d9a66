// drover serve: runs the HTTP API and the dashboard, with consumers beside them.
import { serveApi } from '../producers/api.ts';
import { readVersion } from '../src/config/own-package.ts';
import type { Settings } from '../src/config/settings.ts';
import { readCrawlTotals } from '../src/fleet/snapshot.ts';
import { openConsumerSession } from './command/consumer-session.ts';
import { EXIT } from './command/failures.ts';
import { onInterrupt } from './command/interrupt.ts';
import { OWN_COMMAND } from './command/own-command.ts';
import type { ServeOptions } from './options.ts';
import { type Consumers, startConsumers } from './processes/consumers.ts';
import { type ProcessCount, processCount } from './processes/need.ts';

/** Resolves with the exit code after it was stopped. Throws E_OPEN_DOOR, E_LISTEN, E_CONSUMER_ENDED. */
export async function run(_args: string[], options: ServeOptions): Promise<number> {
  const session = await openConsumerSession(options.settings);
  const { settings, address, log } = session;
  const warn = (line: string) => void process.stderr.write(`${line}\n`);
  const say = (line: string) => (options.quiet ? undefined : warn(line));
  try {
    const count = processCount(settings.processes, 0);
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    const own = { version: readVersion(), onOutdated: failed.reject };
    const api = await serveApi({ settings, address, log, ...own });
    let consumers: Consumers | null = null;
    const interrupt = onInterrupt({ note: say }, settings.grace, () => consumers?.kill());
    if (count.most > 0)
      consumers = await startConsumers({
        ...{ settings, flags: options.settings, address, log, serve: '*', count, startsHere: false },
        ...{ stop: interrupt.wait, say: warn, note: say, onFailure: failed.reject },
        waiting: async () => (await readCrawlTotals(session.fleet)).waiting,
      });
    say(`listening on ${api.url} (dashboard, API at ${api.url}/openapi.json); Ctrl-C stops`);
    say(intent(count));
    if (count.most === 0 && wantsMaintenance(settings))
      say(
        `--auto-replay, --keep-dead and --keep-crawls are done by consumers: give them to ${OWN_COMMAND} consume`,
      );
    try {
      await Promise.race([interrupt.wait, failed.promise]);
    } finally {
      await Promise.all([api.stop(), consumers?.stop()]);
      interrupt.done();
    }
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}

function intent({ least, most }: ProcessCount): string {
  if (most === 0) return `no consumers of its own; start some with ${OWN_COMMAND} consume`;
  const more = most > least ? `, and up to ${most} as the work needs` : '';
  return `${least} consumer${least > 1 ? 's' : ''} beside it${more} (--processes)`;
}

function wantsMaintenance({ autoReplay, keepDead, keepDeadCount, keepCrawls }: Settings): boolean {
  return autoReplay > 0 || [keepDead, keepDeadCount, keepCrawls].some((keep) => keep !== null);
}
