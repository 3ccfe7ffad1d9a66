// drover consume: runs consumers until it is stopped, in this process or in processes of their own.
import { servedShards } from '../consumers/shards/served.ts';
import type { GivenFlags } from '../src/config/read.ts';
import { readCrawlTotals } from '../src/fleet/snapshot.ts';
import { openConsumerSession } from './command/consumer-session.ts';
import { EXIT } from './command/failures.ts';
import { onInterrupt } from './command/interrupt.ts';
import { untilDrained } from './operate/drain-limit.ts';
import type { ConsumeOptions } from './options.ts';
import { type Consumers, startConsumers } from './processes/consumers.ts';
import { type ProcessCount, processCount } from './processes/need.ts';

/** Resolves with the exit code after it was stopped. Throws E_CONSUMER_ENDED and E_SETTING. */
export async function run(_args: string[], options: ConsumeOptions): Promise<number> {
  const flags = withRenderPages(options);
  const session = await openConsumerSession(flags);
  const { settings, address, fleet, log } = session;
  const warn = (line: string) => void process.stderr.write(`${line}\n`);
  const say = (line: string) => (options.quiet ? undefined : warn(line));
  let consumers: Consumers | null = null;
  const interrupt = onInterrupt({ note: say }, settings.grace, () => consumers?.kill());
  try {
    const count = processCount(settings.processes);
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    servedShards(settings.shard, fleet.shards.length); // throws, before it is said that it consumes
    say(`${intent(count, settings.concurrency)}; Ctrl-C stops`);
    consumers = await startConsumers({
      ...{ settings, flags, address, log, serve: '*', count },
      ...{
        startsHere: count.least === 1,
        stop: interrupt.wait,
        say: warn,
        note: say,
        onFailure: failed.reject,
      },
      waiting: async () => (await readCrawlTotals(fleet)).waiting,
    });
    const { drainAfter } = options;
    const drained = untilDrained(drainAfter, () => consumers?.pages() ?? 0);
    await Promise.race([interrupt.wait, failed.promise, drained.then(say)]);
  } finally {
    await consumers?.stop();
    await session.close();
    interrupt.done();
  }
  return EXIT.recorded;
}

/** `consume --render 2` is `--render-pages 2`. */
function withRenderPages({ settings, render }: ConsumeOptions): GivenFlags {
  return render === undefined ? settings : { ...settings, renderPages: render };
}

function intent({ least, most }: ProcessCount, concurrency: number): string {
  if (least > 1) return `consuming in ${least} processes with ${concurrency} fetches at a time each`;
  const more = most > 1 ? `, in up to ${most} processes with as many each` : '';
  return `consuming with ${concurrency} fetches at a time${more}`;
}
