// Sends any number of requests as NDJSON, only as fast as the server accepts them.
import type { RequestInput } from '../request.ts';

/** A URL, or a request with more fields: method, headers, body, userData, priority, … */
export type SentRequest = string | URL | RequestInput;

/**
 * Characters sent at a time. When the source is silent for SHORT_SILENCE_MS, the requests at hand are sent.
 */
const PIECE_CHARACTERS = 16_384;
const SHORT_SILENCE_MS = 50;
/**
 * After this silence a comment line is sent: the server waits 30 s for a silent sender and wants 200 bytes a
 * second from a slow one.
 */
const LONG_SILENCE_MS = 8000;
const FILLER = `#${' '.repeat(4094)}\n`;

export interface Upload {
  lines: () => AsyncGenerator<string>;
  /** The index among the requests of the line with this number. */
  indexOf: (line: number) => number;
  /** What the source threw. It is kept here, because fetch would replace it by an error of its own. */
  sourceError: () => { error: unknown } | null;
  /** Stops reading the source, even while it is silent. */
  end: () => void;
}

/** An upload of an array. It may be sent again. */
export function uploadOf(requests: readonly SentRequest[]): Upload {
  return {
    async *lines() {
      let piece = '';
      for (const request of requests) {
        piece += lineOf(request);
        if (piece.length < PIECE_CHARACTERS) continue;
        yield piece;
        piece = '';
      }
      if (piece !== '') yield piece;
    },
    indexOf: (line) => line - 1,
    sourceError: () => null,
    end: () => undefined,
  };
}

/** An upload of requests as they come. It can be sent once. */
export function uploadFrom(
  requests: AsyncIterable<SentRequest> | Iterable<SentRequest>,
  longSilenceMs = LONG_SILENCE_MS,
): Upload {
  const fillers: number[] = [];
  const ending = new AbortController();
  let failed: { error: unknown } | null = null;
  return {
    async *lines() {
      try {
        yield* linesOf(requests, { longSilenceMs, fillers, end: ending.signal });
      } catch (error) {
        failed = { error };
        throw error;
      }
    },
    indexOf: (line) => line - 1 - fillers.filter((filler) => filler < line).length,
    sourceError: () => failed,
    end: () => ending.abort(),
  };
}

/** `fillers` gets the numbers of the lines that were sent only to keep the connection alive. */
async function* linesOf(
  requests: AsyncIterable<SentRequest> | Iterable<SentRequest>,
  { longSilenceMs, fillers, end }: { longSilenceMs: number; fillers: number[]; end: AbortSignal },
): AsyncGenerator<string> {
  const items = iteratorOf(requests);
  let [line, piece, isDone] = [0, '', false];
  let next = items.next();
  try {
    while (!isDone && !end.aborted) {
      const item = await within(next, piece === '' ? longSilenceMs : SHORT_SILENCE_MS, end);
      if (item !== 'silent' && !item.done) {
        line++;
        piece += lineOf(item.value);
        next = items.next();
        if (piece.length < PIECE_CHARACTERS) continue;
      }
      isDone = item !== 'silent' && item.done === true;
      if (piece === '' && !isDone) {
        fillers.push(++line);
        piece = FILLER;
      }
      if (piece !== '') yield piece;
      piece = '';
    }
  } finally {
    next.catch(() => undefined);
    if (!isDone) void items.return?.()?.catch(() => undefined);
  }
}

/** An async iterator of any iterable. An error that a plain iterable throws becomes a rejected promise. */
function iteratorOf<T>(items: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> {
  if (Symbol.asyncIterator in items) return items[Symbol.asyncIterator]();
  const plain = items[Symbol.iterator]();
  return {
    next: async () => plain.next(),
    return: async () => plain.return?.() ?? { done: true, value: undefined },
  };
}

/** Resolves as `promise` does, or with 'silent' after `ms` or when `end` is aborted. */
function within<T>(promise: Promise<T>, ms: number, end: AbortSignal): Promise<T | 'silent'> {
  return new Promise((resolve, reject) => {
    const onSilence = () => finish(() => resolve('silent'));
    const timer = setTimeout(onSilence, ms);
    end.addEventListener('abort', onSilence);
    promise.then(
      (value) => finish(() => resolve(value)),
      (error) => finish(() => reject(error)),
    );
    function finish(then: () => void) {
      clearTimeout(timer);
      end.removeEventListener('abort', onSilence);
      then();
    }
  });
}

/**
 * A request as a line: always a JSON object, because a bare URL could look like an empty line or a comment. A
 * value without a JSON form becomes a line that the server rejects.
 */
function lineOf(request: SentRequest): string {
  try {
    const value = typeof request === 'string' || request instanceof URL ? { url: String(request) } : request;
    const text = JSON.stringify(value);
    return text?.startsWith('{') ? `${text}\n` : '{"url":null}\n';
  } catch {
    return '{"url":null}\n';
  }
}
