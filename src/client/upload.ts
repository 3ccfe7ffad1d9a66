// Many requests as NDJSON on their way to the API: any number, read no faster than the server takes them.
import type { RequestInput } from '../request.ts';

/** A URL, or a request with more to it: method, headers, body, userData, priority, … */
export type SentRequest = string | URL | RequestInput;

/** So much is sent at a time, or what there is when the source is silent for a moment. */
const PIECE_CHARACTERS = 16_384;
const SHORT_SILENCE_MS = 50;
/** A server waits for a silent sender for 30 s, and wants 200 bytes a second from a slow one. */
const LONG_SILENCE_MS = 8000;
const FILLER = `#${' '.repeat(4094)}\n`;

export interface Upload {
  lines: () => AsyncGenerator<string>;
  /** The place among the requests of what the server calls `line`. */
  indexOf: (line: number) => number;
  /** What the source threw, as an error would lose its identity on its way through fetch. */
  sourceError: () => { error: unknown } | null;
  /** Nothing more is wanted: the source is left, though it may be silent just now. */
  end: () => void;
}

/** Requests that are there already; may be sent again. */
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

/** Requests as they come; to be sent once. */
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

/** `fillers` gets the numbers of the lines that are there for the server's patience alone. */
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

/** Of a plain iterable too; what it throws, the promise rejects with. */
function iteratorOf<T>(items: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> {
  if (Symbol.asyncIterator in items) return items[Symbol.asyncIterator]();
  const plain = items[Symbol.iterator]();
  return {
    next: async () => plain.next(),
    return: async () => plain.return?.() ?? { done: true, value: undefined },
  };
}

/** What the promise gives, or that it has given nothing for so long, or until `end`. */
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

/** Always an object, since a URL of any text might be an empty line or a comment. What has no form in JSON is a line that the server names. */
function lineOf(request: SentRequest): string {
  try {
    const value = typeof request === 'string' || request instanceof URL ? { url: String(request) } : request;
    const text = JSON.stringify(value);
    return text?.startsWith('{') ? `${text}\n` : '{"url":null}\n';
  } catch {
    return '{"url":null}\n';
  }
}
