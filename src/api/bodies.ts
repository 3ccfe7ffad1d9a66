// Bodies of requests: JSON that is small, flat enough and quick; NDJSON as a stream whose sender must keep going.
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { ApiProblem } from './problem.ts';

/** Of a JSON body. */
export const MOST_BODY_BYTES = 4 * 1024 * 1024;
const DEEPEST = 64;
const LINGER_MS = 2000;

/** How a sender must keep going: the time that it is waited for, never that in which drover itself is not ready. */
export interface Pace {
  /** Without a single byte. */
  silenceMs: number;
  /** In all, unless it has sent `bytesPerSecond` in the mean. */
  graceMs: number;
  bytesPerSecond: number;
}

const JSON_PACE: Pace = { silenceMs: 5000, graceMs: 10_000, bytesPerSecond: Number.POSITIVE_INFINITY };
export const STREAM_PACE: Pace = { silenceMs: 30_000, graceMs: 20_000, bytesPerSecond: 200 };

export const NDJSON = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];

/** The body's bytes as they come. Throws E_BODY_SLOW when the sender does not keep its pace. */
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
    promise.catch(() => undefined); // it may still fail when nobody waits for it any more
  }
}

/** Takes the place of Fastify's own parsers. */
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
  // Handlers read it themselves, as it comes; those that take JSON alone have a schema for it.
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
    // Of a body that has become too large nobody hears any more.
    return body.on('error', () => undefined);
  });
  server.addHook('onResponse', async ({ raw }) => dropRest(raw));
}

/** What is left of a body when its call has been answered is read and thrown away for a moment. Who goes on after that is cut off. */
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

/** Throws E_FIELD, saying where, for what is no JSON or nested too deep. An empty body is none. */
export function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  if (isDeep(text)) throw new ApiProblem('E_FIELD', `It is nested more than ${DEEPEST} deep.`);
  try {
    return JSON.parse(text, (key, value) => (key === '__proto__' ? undefined : value));
  } catch (error) {
    throw new ApiProblem('E_FIELD', `It is no JSON: ${(error as Error).message.slice(0, 200)}.`);
  }
}

/** By its brackets, those in strings left out; before anything recursive sees it. */
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
