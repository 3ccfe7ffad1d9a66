// drover enqueue: offers seeds durably to a crawl and returns.
import { type Enqueuing, enqueue } from '../producers/enqueue.ts';
import type { EnqueuedSeeds } from '../producers/seeds/offer-arguments.ts';
import { DroverError } from '../src/errors.ts';
import { againByCommand, checkAgain } from './command/begin-again.ts';
import { nameOfSeeds } from './command/crawl-name.ts';
import { EXIT } from './command/failures.ts';
import { onInterrupt } from './command/interrupt.ts';
import { openSession, type Session } from './command/session.ts';
import type { EnqueueOptions } from './options.ts';
import { createBadLineNotice } from './terminal/bad-lines.ts';
import { counted } from './terminal/figures.ts';
import { createHeldNotice } from './terminal/held-back.ts';

/** Resolves with the exit code. Throws a DroverError when it cannot begin or go on. */
export async function run(args: string[], options: EnqueueOptions): Promise<number> {
  checkAgain(args, options);
  const session = await openSession(options.settings);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const interrupt = onInterrupt({ note: say }, session.settings.grace);
  try {
    const begun = await interrupt.unless(begin(session, args, options));
    if (begun === null) return EXIT.interrupted;
    const onHeld = createHeldNotice(say, begun.settings.maxFrontier);
    const note = options.quiet ? () => undefined : say;
    if (begun.intent) note(`crawl ${begun.id}: ${begun.intent}`);
    const running = begun.run({
      ...{ stdin: process.stdin, onHeld, stopped: interrupt.asked },
      ...{ onBadLine: createBadLineNotice(say), onAssumed: note, onNotice: note },
    });
    // Standard input may be silent. Then no request is held back, and there is no reason to wait.
    const totals = await interrupt.unless(running);
    if (totals === null) return EXIT.interrupted;
    if (options.json) process.stdout.write(`${JSON.stringify({ crawl: begun.id, ...totals })}\n`);
    else if (!options.quiet) say(sentence(begun.id, totals));
    return totals.rejected > 0 ? EXIT.usage : EXIT.recorded;
  } finally {
    process.stdin.destroy();
    await session.close();
    interrupt.done();
  }
}

async function begin(session: Session, args: string[], options: EnqueueOptions): Promise<Enqueuing> {
  const { again, crawl } = options;
  if (again !== undefined) return againByCommand(session, again, options);
  const { sitemap } = session.settings;
  if (args.length + sitemap.length === 0)
    throw new DroverError(
      'E_USAGE',
      'Give seeds: URLs, files, - for standard input, or --sitemap; or --again with the name of a crawl.',
    );
  return enqueue({ ...session, name: crawl ?? nameOfSeeds([...args, ...sitemap]), seeds: args });
}

function sentence(
  crawl: string,
  { accepted, duplicates, overLimit, rejected, rejectedIn }: EnqueuedSeeds,
): string {
  const parts = [`crawl ${crawl}: ${accepted} accepted`, `${duplicates} known already`];
  if (overLimit > 0) parts.push(`${overLimit} over --limit`);
  if (rejected > 0) parts.push(`${counted(rejected, 'bad line')}, kept in ${rejectedIn}`);
  return parts.join(', ');
}
