// Follows the API's events and reconnects after a lost connection.
import { setTimeout as sleep } from 'node:timers/promises';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { FleetEvent } from './answers.ts';
import { ApiError, noAnswer } from './api-error.ts';
import { type CallOptions, callStream, type Endpoint } from './call.ts';

/**
 * The server sends something at least every 15 s (": ping" if nothing else), so a longer silence means a lost
 * connection.
 */
const LONGEST_SILENCE_MS = 45_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const MOST_BUFFERED = 32 * 1024 * 1024;

/**
 * All events, until the loop ends or `signal` is aborted, which throws the signal's reason. A lost connection
 * is made again, however long that takes. Throws an ApiError when the first connection fails, or when the
 * server refuses a later one.
 */
export async function* followEvents(
  endpoint: Endpoint,
  options: { crawl?: string } & CallOptions,
): AsyncGenerator<FleetEvent> {
  let failures = 0;
  let wasConnected = false;
  for (;;) {
    try {
      for await (const event of oneConnection(endpoint, options)) {
        [failures, wasConnected] = [0, true];
        yield event;
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof ApiError) || !wasConnected || !mayPass(error)) throw error;
    }
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** failures++, LONGEST_WAIT_MS) * (0.5 + Math.random() / 2);
    await sleep(waitMs, undefined, { signal: options.signal }).catch(() => options.signal?.throwIfAborted());
  }
}

/** True when there was no answer, or one after which a later call may succeed. */
function mayPass({ status }: ApiError): boolean {
  return status === 0 || status === 429 || status >= 500;
}

async function* oneConnection(
  endpoint: Endpoint,
  { crawl, signal }: { crawl?: string } & CallOptions,
): AsyncGenerator<FleetEvent> {
  const end = new AbortController();
  const silence = setTimeout(() => end.abort(noAnswer('The events fell silent.')), LONGEST_SILENCE_MS);
  const both = signal ? AbortSignal.any([signal, end.signal]) : end.signal;
  try {
    const answer = await callStream(endpoint, {
      ...{ path: '/v1/events', query: { crawl }, accept: 'text/event-stream', signal: both },
    });
    if (!answer.body) return;
    const parser = new EventSourceParserStream({
      maxBufferSize: MOST_BUFFERED,
      onComment: () => void silence.refresh(),
    });
    for await (const { event, data } of answer.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(parser)) {
      silence.refresh();
      yield { event, data: JSON.parse(data) } as FleetEvent;
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (end.signal.aborted) throw end.signal.reason;
    throw error instanceof ApiError
      ? error
      : noAnswer(`The events broke off: ${(error as Error).message}.`, error);
  } finally {
    clearTimeout(silence);
    end.abort();
  }
}
