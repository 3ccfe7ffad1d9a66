// drover explain: prints why a URL was fetched or not.
import { DroverError } from '../src/errors.ts';
import { explainUrl } from '../src/explain/explain.ts';
import { openQueue } from '../src/queue/queue.ts';
import { readBareUrl } from '../src/seeds/bare-url.ts';
import { EXIT } from './command/failures.ts';
import { openSession } from './command/session.ts';
import type { ExplainOptions } from './options.ts';
import { explanationText } from './terminal/explain-text.ts';

/**
 * Resolves with the exit code. A URL that is never fetched, such as mailto:x, is explained too. Throws
 * E_USAGE for a text that is no URL, E_CRAWL_UNKNOWN, E_FILE.
 */
export async function run(args: string[], options: ExplainOptions): Promise<number> {
  const [text = ''] = args;
  if (!URL.canParse(text) && !readBareUrl(text))
    throw new DroverError(
      'E_USAGE',
      `${JSON.stringify(text)} is no URL; one begins with https:// or http://.`,
    );
  const session = await openSession(options.settings);
  try {
    const { fleet, settings, stores } = session;
    const parts = { fleet, settings, stores, queue: openQueue(fleet) };
    const explanation = await explainUrl(parts, text, options.crawl ?? null);
    const { stdout } = process;
    const colour = stdout.isTTY === true && (stdout.hasColors?.() ?? false);
    stdout.write(
      options.json
        ? `${JSON.stringify(explanation)}\n`
        : explanationText(explanation, { columns: stdout.columns || 80, colour }),
    );
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}
