// What the crawl command does for its webhook before it ends: it gives the last events some time to arrive, and says what has not.

import type { Consumer } from '../../consumers/consumer.ts';
import type { Settings } from '../../src/config/settings.ts';
import { limiterKeyOf } from '../../src/url/host.ts';
import { counted } from '../terminal/figures.ts';
import type { Screen } from '../terminal/screen.ts';
import type { Interrupt } from './interrupt.ts';

const MOST_MS = 10_000;
/** A wait that is longer is explained. */
const SAY_MS = 1000;

/** Resolves after ten seconds at the latest, or at the interrupt; what is underway then goes on with the next consumer. */
export async function tellWebhook(parts: {
  settings: Settings;
  consumer: Consumer;
  crawl: string;
  screen: Screen;
  interrupt: Interrupt;
  /** How the user calls drover. */
  command: string;
}): Promise<void> {
  const { settings, consumer, crawl, screen, interrupt, command } = parts;
  if (settings.webhook === null) return;
  const host = limiterKeyOf(new URL(settings.webhook).href);
  const say = setTimeout(() => screen.note(`waiting for the webhook at ${host}`), SAY_MS);
  const { underway, givenUp } = await consumer.webhooks.waitForEvents(crawl, MOST_MS, interrupt.asked);
  clearTimeout(say);
  if (underway > 0)
    screen.warn(
      `the webhook at ${host} has not got ${counted(underway, 'event')} yet; the next consumer goes on: ${command} consume`,
    );
  if (givenUp > 0)
    screen.warn(`the webhook at ${host} was not reached, ${counted(givenUp, 'event')} given up: see the log`);
}
