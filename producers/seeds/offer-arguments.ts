// Offers the seeds of a command to the crawl that its producer has begun.
import type { Readable } from 'node:stream';
import type { Settings } from '../../src/config/settings.ts';
import { leaveCrawl } from '../../src/crawl/crawl.ts';
import { lookUpRecords } from '../../src/crawl/kept-records.ts';
import type { DroverError } from '../../src/errors.ts';
import type { Fleet } from '../../src/fleet.ts';
import { type AssumedScheme, assumedText } from '../../src/seeds/bare-url.ts';
import { type OfferedLine, type OfferTotals, offerSeeds } from '../../src/seeds/offer.ts';
import { nameBadLine } from './arguments.ts';
import { createContactWarning } from './contact.ts';
import { keepRejected } from './rejected-lines.ts';

/** What the command is told. The sentences are safe for a terminal. */
export interface SeedListeners {
  stdin: Readable;
  /** Called for each line that is not accepted. */
  onBadLine: (sentence: string) => void;
  /** Called for the first URLs without a scheme: which one was assumed. */
  onAssumed?: (sentence: string) => void;
  /** Called with a sentence about the crawl as a whole. */
  onNotice: (sentence: string) => void;
  /**
   * Called while the producer is held back, with the number of waiting requests, or with the error of a
   * Redis that refuses for now.
   */
  onHeld?: (why: number | DroverError) => void;
  /** Called each time that requests have been accepted. */
  onAccepted?: () => void;
  stopped: () => boolean;
}

export interface EnqueuedSeeds extends OfferTotals {
  /** The file with the lines that were not accepted; null if all were. */
  rejectedIn: string | null;
}

export async function offerArguments(
  parts: {
    fleet: Fleet;
    settings: Settings;
    crawl: string;
    producer: string;
    /** The seeds; `stdin` is for those of `-`. */
    lines: (stdin: Readable) => AsyncIterable<OfferedLine>;
    /** The crawl has kept its seeds when it began. */
    isAgain?: boolean;
  },
  { stdin, onBadLine, onAssumed, onNotice, onHeld, onAccepted, stopped }: SeedListeners,
): Promise<EnqueuedSeeds> {
  const { fleet, settings, crawl, producer, lines, isAgain = false } = parts;
  const rejected = keepRejected(settings.dataDir, (await lookUpRecords(fleet, crawl)).folder);
  const totals = await offerSeeds({
    ...{ fleet, crawl, producer, stopped, maxFrontier: settings.maxFrontier },
    keepSeeds: settings.keepSeeds > 0 && !isAgain,
    mayNameHosts: !isAgain,
    lines: lines(stdin),
    onUrl: createContactWarning(settings, onNotice),
    ...(onHeld ? { onHeld } : {}),
    ...(onAccepted ? { onAccepted } : {}),
    ...(onAssumed && !isAgain ? { onAssumed: createAssumedNotice(onAssumed) } : {}),
    onBadLine(line) {
      rejected.add(line);
      onBadLine(nameBadLine(line));
    },
  }).finally(rejected.end);
  if (!stopped()) await leaveCrawl(fleet, crawl, producer);
  return { ...totals, rejectedIn: rejected.end() };
}

/** Says it once for each scheme. */
function createAssumedNotice(say: (sentence: string) => void): (scheme: AssumedScheme, url: string) => void {
  const said = new Set<AssumedScheme>();
  return (scheme, url) => {
    if (said.has(scheme)) return;
    said.add(scheme);
    say(assumedText(scheme, url));
  };
}
