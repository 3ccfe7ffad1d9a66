// Reads the bodies of calls: JSON with limits on size, nesting and time; NDJSON as a stream with a least
// sending speed.
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { ApiProblem } from './problem.ts';

/** Largest JSON body. */
export const MOST_BODY_BYTES = 4 * 1024 * 1024;
/** Most levels of nesting in a JSON body. */
const DEEPEST = 64;
const LINGER_MS = 2000;

/**
 * The least speed of a sender. Only the time in which drover waits for bytes counts, not the time in which
 * drover itself is busy.
 */
export interface Pace {
  /** Longest wait for the next byte. */
  silenceMs: number;
  /** Longest wait in all, to which each byte sent adds its time at `bytesPerSecond`. */
  graceMs: number;
  bytesPerSecond: number;
}

const JSON_PACE: Pace = { silenceMs: 5000, graceMs: 10_000, bytesPerSecond: Number.POSITIVE_INFINITY };
export const STREAM_PACE: Pace = { silenceMs: 30_000, graceMs: 20_000, bytesPerSecond: 200 };

export const NDJSON = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];

/**
 * Passes the body's bytes on as they come. Throws E_BODY_SLOW when the sender is slower than `pace` allows.
 */
export async function* paced(source: AsyncIterable<Buffer>, pace: Pace): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  let waitedMs = 0;
  let bytes = 0;
  for (;;) {
    const started = performance.now();
    const room = Math.max(1, pace.graceMs + (bytes / pace.bytesPerSecond) * 1000 - waitedMs);
    const next = await within(chunks.next(), Math.min(pace.silenceMs, room));
    waitedMs += performance.now() - started;
    if (next === 'late') throw new ApiProblem('E_BODY_SLOW');
    if (next.done) return;
    bytes += next.value.length;
    yield next.value;
  }
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, ms, 'late');
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => undefined); // it may still fail after the time-out
  }
}

/**
 * Replaces Fastify's own parsers of bodies. JSON is parsed and checked here; an NDJSON body is left to the
 * handler as a stream.
 */
export function addBodyParsers(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser<string>(
    ['application/json', 'application/merge-patch+json'],
    { parseAs: 'string', bodyLimit: MOST_BODY_BYTES },
    (_request, text, done) => {
      try {
        done(null, parseJson(text));
      } catch (error) {
        done(error as Error);
      }
    },
  );
  // The handler reads NDJSON from the stream. A route without `bodyShape` takes JSON only.
  server.addContentTypeParser(NDJSON, (request, payload, done) => {
    const isTaken = request.routeOptions.config.bodyShape !== undefined;
    done(isTaken ? null : new ApiProblem('E_MEDIA_TYPE'), isTaken ? payload : undefined);
  });
  server.addHook('preParsing', async (request, _reply, payload) => {
    const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    const isStream = NDJSON.includes(type);
    const coding = request.headers['content-encoding'] ?? 'identity';
    if (!(isStream ? /^(identity|(x-)?gzip)$/i : /^identity$/i).test(coding))
      throw new ApiProblem('E_MEDIA_TYPE', `Content-Encoding: ${coding.slice(0, 100)}.`, {
        field: 'headers.content-encoding',
      });
    if (isStream) return payload;
    const body = Readable.from(paced(payload as Readable, JSON_PACE));
    // Once a body is too large, Fastify stops listening to this stream; without a listener, its error would
    // end the process.
    return body.on('error', () => undefined);
  });
  server.addHook('onResponse', async ({ raw }) => dropRest(raw));
}

/**
 * Reads and drops the rest of a body whose call has been answered. A sender that goes on for LINGER_MS is
 * disconnected.
 */
function dropRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  const { socket, httpVersion, headers } = request;
  const isKept = httpVersion === '1.1' && !/\bclose\b/i.test(headers.connection ?? '');
  const late = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  request.once('close', () => clearTimeout(late));
  request.once('end', () => isKept || socket.end());
  request
    .removeAllListeners('readable')
    .on('error', () => undefined)
    .resume();
}

/**
 * Parses JSON. Returns undefined for an empty text. Throws E_FIELD, with the place of the fault, when the
 * text is not JSON or nested too deep.
 */
export function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  if (isDeep(text)) throw new ApiProblem('E_FIELD', `The body is nested more than ${DEEPEST} levels deep.`);
  try {
    return JSON.parse(text, (key, value) => (key === '__proto__' ? undefined : value));
  } catch (error) {
    throw new ApiProblem('E_FIELD', `The body is not JSON: ${(error as Error).message.slice(0, 200)}.`);
  }
}

/**
 * Counts the brackets outside of strings. It runs before anything recursive (JSON.parse, schemas) sees the
 * text.
 */
function isDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) inString = !inString;
    else if (inString && code === 0x5c) at++;
    else if (!inString && (code === 0x5b || code === 0x7b) && ++depth > DEEPEST) return true;
    else if (!inString && (code === 0x5d || code === 0x7d)) depth--;
  }
  return false;
}
