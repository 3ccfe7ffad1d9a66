// What a consumer process tells the command that started it, and when.
import type { Consumer } from '../../consumers/consumer.ts';
import { createTroubles } from '../terminal/trouble.ts';
import { createLoadMeter } from './load-meter.ts';
import { type FromConsumer, packTrouble, type Sent } from './messages.ts';

/** Nothing happens when the command is gone. */
export function tell(message: FromConsumer): void {
  if (process.connected) process.send?.({ ofDrover: message } satisfies Sent, undefined, {}, () => undefined);
}

/** Tells the first error after which the command cannot go on. */
export function createTroubleReport(): (error: unknown) => void {
  const troubles = createTroubles();
  let isTold = false;
  return (error) => {
    troubles.note(error);
    const first = troubles.first();
    if (first === null || isTold) return;
    isTold = true;
    tell({ kind: 'trouble', trouble: packTrouble(first) });
  };
}

/** Returns a function that tells what was done since it was called last. */
export function createReport(consumer: Consumer): () => void {
  const load = createLoadMeter(consumer);
  let told = 0;
  return () => {
    const pages = consumer.pages() - told;
    told += pages;
    tell({ kind: 'load', load: load(), hosts: consumer.hostTimes.take(), pages });
  };
}
