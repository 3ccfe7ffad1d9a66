// Runs `drover serve` in a test: starts it as a user does, calls it over HTTP, reads its events.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { pipeline, Readable } from 'node:stream';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { Fleets, TestFleet } from '../fleets.ts';
import { type DroverProcess, until } from '../signals.ts';

/** Tokens of the API, which must have at least 16 characters. */
export const WRITE_TOKEN = 'write-0123456789abcdef';
export const READ_TOKEN = 'read-0123456789abcdef';

export interface CallOptions {
  /**
   * Text and bytes are sent as they are, a list of pieces is sent chunked, and anything else is sent as JSON.
   */
  body?: unknown;
  headers?: Record<string, string>;
  token?: string;
  /** Aborts the call. */
  signal?: AbortSignal;
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The text parsed as JSON. The test knows its form. */
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of an answer by asserting it
  json: any;
}

export interface ServerEvent {
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  data: any;
}

export interface EventReader {
  response: IncomingMessage;
  /** The next event of this name. Throws if the stream ends before. */
  next(event: string): Promise<ServerEvent>;
  /** The names of all events so far. */
  names(): string[];
  /** Reads until the stream ends. Returns whether it ended cleanly. */
  ended(): Promise<boolean>;
  close(): void;
}

export interface Api {
  /** http://127.0.0.1:PORT */
  readonly url: string;
  readonly port: number;
  readonly drover: DroverProcess;
  /** Makes a call on a connection of its own, and returns the whole answer. */
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  /**
   * Makes a call and fails unless the answer is a problem document of this status and code. Returns the
   * document.
   */
  refused(
    status: number,
    code: string,
    method: string,
    path: string,
    options?: CallOptions,
  ): Promise<Problem>;
  events(path?: string, options?: CallOptions): Promise<EventReader>;
  /** Opens a plain connection. It keeps everything that it receives. */
  open(): Promise<RawConnection>;
  /** The resident memory of the server now, in bytes. */
  memory(): number;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  advice: string;
  field?: string;
  requestId: string;
  headers: IncomingHttpHeaders;
}

export interface RawConnection {
  socket: Socket;
  text(): string;
  /** Resolves when the server has closed the connection. */
  closed: Promise<unknown>;
}

/**
 * Starts `drover serve --port 0 ARGS` in this fleet and waits until it listens. By default it has no
 * consumers.
 */
export async function startApi(
  { runner }: Pick<TestFleet, 'runner'>,
  args: readonly string[] = [],
  options: { env?: Record<string, string>; wholeFile?: boolean } = {},
): Promise<Api> {
  const own = args.includes('--processes') ? [] : ['--processes', '0'];
  const drover = runner.start(['serve', '--port', '0', ...own, ...args], options);
  const url = /http:\/\/\S+/.exec(await drover.line(/^listening on /))?.[0] ?? '';
  const port = Number(new URL(url).port);
  const call: Api['call'] = (method, path, how = {}) => callApi(port, method, path, how);
  return {
    ...{ url, port, drover, call },
    async refused(status, code, method, path, how) {
      const reply = await call(method, path, how);
      return problemOf(reply, status, code);
    },
    events: (path = '/v1/events', how = {}) => readEvents(port, path, how),
    open: () => openRaw(port),
    memory: () => memoryOf(drover.child.pid ?? 0),
  };
}

function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
}

/** One server for all tests of a file. It is started when the first test needs it. */
export function sharedApi(
  fleets: Fleets,
  args: readonly string[] = [],
  environment: Record<string, string> = {},
): () => Promise<Api & TestFleet> {
  let api: Promise<Api & TestFleet> | null = null;
  const start = async () => {
    const fleet = await fleets.open(environment);
    return { ...fleet, ...(await startApi(fleet, args, { wholeFile: true })) };
  };
  return () => {
    api ??= start();
    return api;
  };
}

/**
 * Fails unless the answer is a complete and consistent problem document of this status and code. Returns the
 * document.
 */
export function problemOf(reply: Reply, status: number, code: string): Problem {
  const told = `${reply.status} ${reply.text.slice(0, 500)}`;
  assert.equal(reply.headers['content-type'], 'application/problem+json', told);
  const problem = reply.json as Problem;
  assert.deepEqual([reply.status, problem.status, problem.code], [status, status, code], told);
  assert.equal(problem.type, `urn:drover:error:${code}`);
  assert.ok(problem.title && problem.detail && problem.advice && problem.requestId, told);
  assert.equal(reply.headers['x-request-id'], problem.requestId);
  return { ...problem, headers: reply.headers };
}

async function callApi(port: number, method: string, path: string, how: CallOptions): Promise<Reply> {
  const response = await send(port, method, path, how);
  let text = '';
  for await (const piece of response.setEncoding('utf8')) text += piece;
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    text,
    get json() {
      return JSON.parse(text);
    },
  };
}

/**
 * Sends a request. Resolves to the head of the answer, which may come before the whole body has been sent.
 */
export function send(
  port: number,
  method: string,
  path: string,
  { body, headers = {}, token, signal }: CallOptions,
): Promise<IncomingMessage> {
  const { type, content } = contentOf(body);
  const sent = request({
    ...{ host: '127.0.0.1', port, method, path, agent: false, ...(signal ? { signal } : {}) },
    headers: {
      ...(type ? { 'content-type': type } : {}),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...headers,
    },
  });
  return new Promise((resolve, reject) => {
    let answered = false;
    sent.on('response', (response) => {
      answered = true;
      resolve(response);
    });
    // After the answer, the server may close the connection without reading the rest of the body.
    sent.on('error', (error) => {
      if (!answered) reject(error);
    });
    if (content instanceof Readable)
      pipeline(content, sent, () => {}); // the listener above gets the errors
    else sent.end(content);
  });
}

function contentOf(body: unknown): { type?: string; content?: string | Buffer | Readable } {
  if (body === undefined) return {};
  if (typeof body === 'string' || Buffer.isBuffer(body)) return { type: 'application/json', content: body };
  const isPieces = typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
  if (isPieces)
    return { type: 'application/x-ndjson', content: Readable.from(body as AsyncIterable<string>) };
  return { type: 'application/json', content: JSON.stringify(body) };
}

async function readEvents(port: number, path: string, how: CallOptions): Promise<EventReader> {
  const response = await send(port, 'GET', path, how);
  assert.equal(response.statusCode, 200);
  assert.match(response.headers['content-type'] ?? '', /^text\/event-stream/);
  const parsed = (Readable.toWeb(response) as ReadableStream<Uint8Array<ArrayBuffer>>)
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  const events = parsed[Symbol.asyncIterator]();
  const names: string[] = [];
  return {
    response,
    names: () => names,
    async next(event) {
      for (;;) {
        const { value, done } = await events.next();
        assert.ok(!done, `the stream ended before ${event}`);
        names.push(value.event ?? '');
        if (value.event === event) return { event, data: JSON.parse(value.data) };
      }
    },
    async ended() {
      try {
        while (!(await events.next()).done);
        return true;
      } catch {
        return false;
      }
    },
    close: () => response.destroy(),
  };
}

async function openRaw(port: number): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined); // the tests expect that the server closes the connection
  let text = '';
  socket.setEncoding('latin1').on('data', (piece: string) => {
    text += piece;
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  return { socket, text: () => text, closed };
}

export function crawlIn(api: Api, crawl: string, state: string, options: CallOptions = {}): Promise<unknown> {
  return until(async () => (await api.call('GET', `/v1/crawls/${crawl}`, options)).json.state === state, {
    what: `${crawl} to be ${state}`,
    deadlineMs: 20_000,
    everyMs: 50,
  });
}
