// drover explain: prints why a URL was fetched or not, and with --timing where the time of a request goes.
import { DroverError } from '../src/errors.ts';
import { type Explanation, explainUrl } from '../src/explain/explain.ts';
import { openQueues } from '../src/queue/queue.ts';
import { readBareUrl } from '../src/seeds/bare-url.ts';
import { EXIT } from './command/failures.ts';
import { openStoreSession, type StoreSession } from './command/store-session.ts';
import { readTimed, sessionIfAny, timeIn } from './command/time-url.ts';
import type { ExplainOptions } from './options.ts';
import { explanationText } from './terminal/explain-text.ts';
import { timingText } from './terminal/waterfall-text.ts';

/**
 * Resolves with the exit code. A URL that is never fetched, such as mailto:x, is explained too, but not
 * timed. Throws E_USAGE for a text that is no URL, E_CRAWL_UNKNOWN, E_FILE.
 */
export async function run(args: string[], options: ExplainOptions): Promise<number> {
  const [text = ''] = args;
  if (!URL.canParse(text) && !readBareUrl(text))
    throw new DroverError(
      'E_USAGE',
      `${JSON.stringify(text)} is no URL; one begins with https:// or http://.`,
    );
  if (!options.timing && options.repeat > 1)
    throw new DroverError('E_USAGE', '--repeat needs --timing: without it nothing is sent.');
  return options.timing ? runTiming(text, options) : runExplain(text, options);
}

async function runExplain(text: string, options: ExplainOptions): Promise<number> {
  const session = await openStoreSession(options.settings);
  try {
    const explanation = await explain(session, text, options);
    print(options.json, explanation, (terminal) => explanationText(explanation, terminal));
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}

/** The decisions come first if there is a fleet that can tell them; the timing needs none. */
async function runTiming(text: string, options: ExplainOptions): Promise<number> {
  const { url, settings } = await readTimed(text, options.settings);
  const session = await sessionIfAny(settings, options);
  try {
    const explanation = session && (await explain(session, text, options));
    const timing = await timeIn(session, explanation?.crawl ?? '', { url, settings, options });
    print(options.json, { explanation, timing }, (terminal) => {
      const decisions = explanation ? `${explanationText(explanation, terminal)}\n` : '';
      return decisions + timingText(timing, options.repeat, terminal);
    });
    const isGood = timing.refused === null && timing.requests.every(({ error }) => error === null);
    return isGood ? EXIT.recorded : EXIT.dead;
  } finally {
    await session?.close();
  }
}

function explain(
  { fleet, settings, stores }: StoreSession,
  text: string,
  { crawl }: ExplainOptions,
): Promise<Explanation> {
  return explainUrl({ fleet, settings, stores, queues: openQueues(fleet) }, text, crawl ?? null);
}

type Write = (terminal: { columns: number; colour: boolean }) => string;

function print(json: boolean, data: unknown, write: Write): void {
  const { stdout } = process;
  const colour = stdout.isTTY === true && (stdout.hasColors?.() ?? false);
  stdout.write(json ? `${JSON.stringify(data)}\n` : write({ columns: stdout.columns || 80, colour }));
}
