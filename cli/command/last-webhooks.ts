// What the crawl command does at its end for its webhook: it waits for the last events to be delivered, and
// reports those that are not.

import type { Settings } from '../../src/config/settings.ts';
import type { Fleet } from '../../src/fleet.ts';
import type { Log } from '../../src/log.ts';
import { limiterKeyOf } from '../../src/url/host.ts';
import { waitForEvents } from '../../src/webhooks/workers.ts';
import { counted } from '../terminal/figures.ts';
import type { Screen } from '../terminal/screen.ts';
import type { Interrupt } from './interrupt.ts';

const MOST_MS = 10_000;
/** After this time the wait is explained to the user. */
const SAY_MS = 1000;
/** The time for a last look at what is under way, after an interrupt. Redis may not answer. */
const LAST_LOOK_MS = 1000;

/**
 * Resolves when all events are delivered or given up, after ten seconds at the latest, or at the interrupt.
 * The next consumer delivers what is left.
 */
export async function tellWebhook(parts: {
  settings: Settings;
  fleet: Fleet;
  log: Log;
  crawl: string;
  screen: Screen;
  interrupt: Interrupt;
  /** The command by which the user runs drover. */
  command: string;
}): Promise<void> {
  const { settings, fleet, log, crawl, screen, interrupt, command } = parts;
  if (settings.webhook === null) return;
  const host = limiterKeyOf(new URL(settings.webhook).href);
  const say = setTimeout(() => screen.note(`waiting for the webhook at ${host}`), SAY_MS);
  const onError = (error: unknown) => log.warn({ err: error }, 'webhooks');
  const events = waitForEvents(fleet, crawl, { mostMs: MOST_MS, isOver: interrupt.asked, onError });
  const { underway, givenUp } = (await interrupt.unless(events, LAST_LOOK_MS)) ?? { underway: 0, givenUp: 0 };
  clearTimeout(say);
  if (underway > 0)
    screen.warn(
      `the webhook at ${host} has not received ${counted(underway, 'event')} yet; the next consumer will deliver: ${command} consume`,
    );
  if (givenUp > 0)
    screen.warn(`${counted(givenUp, 'event')} could not be delivered to the webhook at ${host}: see the log`);
}
