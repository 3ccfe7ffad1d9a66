// The live tail: while anybody watches, consumers publish the requests that end, up to a limit; the rest is
// only counted.

import type { Fleet } from '../fleet.ts';
import { keysOf } from '../keys.ts';
import { printable } from '../printable.ts';
import { redact } from '../redact.ts';
import type { Redis } from '../redis.ts';

export interface TailLine {
  /** Milliseconds since 1970. */
  at: number;
  crawl: string;
  id: string;
  url: string;
  host: string;
  status: number | null;
  code: string | null;
  /** Time of the fetch that ended the request, in milliseconds; null when nothing was fetched. */
  ms: number | null;
  bytes: number | null;
  attempts: number;
  outcome: 'recorded' | 'refused' | 'dead';
}

export interface TailBatch {
  lines: TailLine[];
  /** Requests that ended since the last batch and are not among the lines. */
  skipped: number;
}

const BATCH_MS = 250;
const MOST_LINES = 50;
const LONGEST_URL = 2000;
/** A watcher must call wantTail again within this time. */
const WANTED_MS = 5000;

export interface Tail {
  /** Whether anybody watches. If not, callers need not make a line. */
  readonly isWanted: boolean;
  want(isWanted: boolean): void;
  add(line: TailLine): void;
  stop(): void;
}

export function createTail(parts: {
  fleet: Fleet;
  onSkipped: (count: number) => void;
  onError: (error: unknown) => void;
}): Tail {
  const { fleet, onError } = parts;
  let isWanted = false;
  let lines: TailLine[] = [];
  let skipped = 0;
  let timer: NodeJS.Timeout | null = null;

  function send(): void {
    timer = null;
    if (lines.length === 0) return;
    const batch: TailBatch = { lines, skipped };
    if (skipped > 0) parts.onSkipped(skipped);
    lines = [];
    skipped = 0;
    fleet.redis.publish(fleet.keys.tail, JSON.stringify(batch)).catch(onError);
  }

  return {
    get isWanted() {
      return isWanted;
    },
    want(wanted) {
      isWanted = wanted;
    },
    add(line) {
      if (lines.length >= MOST_LINES) skipped++;
      else lines.push({ ...line, url: shown(line.url), host: shown(line.host) });
      timer ??= setTimeout(send, BATCH_MS);
    },
    stop() {
      if (timer) clearTimeout(timer);
      send();
    },
  };
}

function shown(text: string): string {
  return printable(redact(text.length > LONGEST_URL ? `${text.slice(0, LONGEST_URL)}…` : text));
}

/** Asks consumers to publish the tail for 5 s from now. They begin within a second. */
export async function wantTail(fleet: Fleet): Promise<void> {
  await fleet.redis.set(fleet.keys.tailWanted, '1', 'PX', WANTED_MS);
}

/**
 * Receives the fleet's tail on a connection for subscribers, for as long as `wantTail` is called. Returns a
 * function that ends it.
 */
export function listenToTail(
  subscriber: Redis,
  namespace: string,
  onBatch: (batch: TailBatch) => void,
  onError: (error: unknown) => void = () => undefined,
): () => void {
  const channel = keysOf(namespace).tail;
  const onMessage = (from: string, message: string) => {
    if (from !== channel) return;
    try {
      onBatch(JSON.parse(message) as TailBatch);
    } catch (error) {
      onError(error); // a message that drover did not publish
    }
  };
  subscriber.on('message', onMessage);
  subscriber.subscribe(channel).catch(onError);
  return () => {
    subscriber.off('message', onMessage);
    subscriber.unsubscribe(channel).catch(onError);
  };
}
