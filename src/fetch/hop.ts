// One request and its answer: what happens to it, in which phase, and how it ends. Ends exactly once.
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Failure, failure } from '../errors.ts';
import type { Answer, Came, Timings } from '../outcome.ts';
import { type BodyLimits, BodyReader } from './body/reader.ts';
import type { AgentPair, Connecting } from './connection/agent.ts';
import { type IdleSockets, idleMsOf } from './connection/idle-sockets.ts';
import { failureOf, isClosed } from './failures.ts';
import { answerHeaders, headerText } from './headers.ts';
import { locationOf } from './redirect.ts';
import { hostOf, portOf, type Target } from './target.ts';
import type { Phase, PhaseClock } from './timeouts.ts';
import type { Watched } from './watchdog.ts';

/** Larger headers end the hop: node's limit is 16 KiB, and real sites send more. */
const maxHeaderBytes = 64 * 1024;
/** A redirect's body beyond this costs more than a new connection does. */
const drainBytes = 64 * 1024;

export type HopEnd =
  | { kind: 'answer'; answer: Omit<Answer, 'finalUrl' | 'redirects'> }
  | { kind: 'redirect'; status: number; location: string; retryAfter: string | null; timings: Timings }
  /** `stale`: an idle connection had been closed by the server; nothing of an answer came. */
  | { kind: 'failed'; failure: Failure; stale: boolean; timings: Timings; came?: Came };

export interface HopParts {
  readonly target: Target;
  readonly agents: AgentPair;
  readonly idle: IdleSockets;
  readonly limits: BodyLimits;
  readonly clock: PhaseClock;
  /** Asked when the request could be written; a Failure ends the hop before that. */
  readonly mayStart: (() => Failure | null) | undefined;
  /** The request has gone out, on a connection that stands. */
  readonly started: (() => void) | undefined;
  readonly ended: (end: HopEnd) => void;
}

/** What drives the request, got's stream: to be stopped when the hop ends early. */
export interface Driver {
  destroy(): void;
  pause(): void;
  resume(): void;
}

export class Hop implements Watched, Connecting {
  giveUp: (() => void) | null = null;
  driver: Driver | null = null;
  readonly #parts: HopParts;
  #request: ClientRequest | null = null;
  #response: IncomingMessage | null = null;
  #body: BodyReader | null = null;
  #address: string | null = null;
  #location: string | null = null;
  #drained = 0;
  #bytesBefore = 0;
  #ended = false;

  constructor(parts: HopParts) {
    this.#parts = parts;
  }

  get deadline(): number {
    return this.#parts.clock.deadline;
  }

  /** Makes node's request, to be handed to got. Throws what node throws at headers that cannot be sent. */
  send(): ClientRequest {
    const { target, agents } = this.#parts;
    const { url, body } = target;
    const request = http.request({
      protocol: url.protocol,
      host: hostOf(url),
      port: portOf(url),
      path: url.pathname + url.search,
      method: target.method,
      headers:
        body === null ? target.headers : { ...target.headers, 'content-length': Buffer.byteLength(body) },
      agent: url.protocol === 'https:' ? agents.https : agents.http,
      maxHeaderSize: maxHeaderBytes,
      connecting: this,
    } as http.RequestOptions);
    this.#request = request;
    request.once('socket', (socket) => this.#onSocket(socket));
    // Before got's own listener, and with what node says of it.
    request.once('error', (error) => this.onError(error));
    if (body !== null) request.once('finish', () => this.#onSent());
    return request;
  }

  enter(phase: Phase): void {
    if (!this.#ended) this.#parts.clock.enter(phase);
  }

  refuse(reason: Failure): void {
    this.fail(reason);
  }

  expire(): void {
    if (this.#location !== null) this.#endRedirect(true);
    else this.fail(this.#parts.clock.failure());
  }

  onResponse(response: IncomingMessage): void {
    if (this.#ended) return;
    this.#response = response;
    this.#address = response.socket.remoteAddress ?? null;
    const { headers, statusCode = 0 } = response;
    const keepAlive = headers['keep-alive'];
    if (keepAlive !== undefined) this.#parts.idle.announce(response.socket, idleMsOf(String(keepAlive)));
    this.#location = locationOf(statusCode, headers.location);
    this.enter(this.#location === null ? 'read' : 'drain');
    if (this.#location !== null) return;
    const bodiless = this.#parts.target.method === 'HEAD' || statusCode === 204 || statusCode === 304;
    const declared = bodiless
      ? {}
      : { encoding: headers['content-encoding'], contentLength: headers['content-length'] };
    this.#body = new BodyReader(declared, this.#parts.limits, {
      done: (body, cut) => this.#endAnswer(body, cut),
      failed: (reason) => this.fail(reason),
      pause: () => this.#pause(),
      resume: () => this.#resume(),
    });
  }

  onData(chunk: Buffer): void {
    if (this.#ended) return;
    if (this.#location === null) {
      this.#parts.clock.touch();
      this.#body?.push(chunk);
    } else {
      this.#drained += chunk.length;
      if (this.#drained > drainBytes) this.#endRedirect(true);
    }
  }

  onEnd(): void {
    if (this.#ended) return;
    if (this.#location !== null) {
      this.#endRedirect(false);
    } else {
      this.enter('decode');
      this.#body?.finish();
    }
  }

  /** An error of the request, the answer or got. */
  onError(error: Error): void {
    if (this.#ended) return;
    // More bytes than Content-Length said: browsers take what it says, and so does this; the connection is closed.
    if (this.#response?.complete) this.#endWithRest(this.#response);
    else if (this.#location !== null) this.#endRedirect(true);
    else this.#endFailed(error);
  }

  #endFailed(error: Error): void {
    const place = {
      phase: this.#parts.clock.phase,
      chunked: this.#isChunked(),
      peer: peerOf(this.#parts.target.url),
    };
    this.#end({
      kind: 'failed',
      failure: failureOf(error, place),
      stale: this.#isStale(error),
      timings: this.#stop(),
      came: this.#came(error),
    });
    this.#abandon();
  }

  /** The server wants to speak something else, unasked. */
  onUpgrade(socket: { destroy(): void }): void {
    socket.destroy();
    this.fail(failure('E_PROTOCOL', `${peerOf(this.#parts.target.url)}: upgrade.`));
  }

  fail(reason: Failure): void {
    if (this.#ended) return;
    this.#end({ kind: 'failed', failure: reason, stale: false, timings: this.#stop(), came: this.#came() });
    this.#abandon();
  }

  #came(error?: Error & { address?: unknown }): Came {
    const tried = error?.address;
    const address = this.#address ?? (typeof tried === 'string' ? tried : null);
    return { address, status: this.#response?.statusCode ?? null };
  }

  #onSocket(socket: Socket): void {
    if (this.#ended) return;
    this.#address = socket.remoteAddress ?? null;
    const refusal = this.#parts.mayStart?.();
    if (refusal) {
      this.fail(refusal);
      return;
    }
    if (this.#request?.reusedSocket) this.#bytesBefore = socket.bytesRead;
    this.enter(this.#parts.target.body === null ? 'response' : 'send');
    // Once it is written: whoever counts from the start may count too late, and not too early.
    if (this.#parts.started) setImmediate(this.#parts.started);
  }

  #onSent(): void {
    if (this.#parts.clock.phase === 'send') this.enter('response');
  }

  #pause(): void {
    this.driver?.pause();
    this.enter('decode');
  }

  #resume(): void {
    this.enter('read');
    this.driver?.resume();
  }

  #isChunked(): boolean {
    return this.#response?.headers['transfer-encoding'] !== undefined;
  }

  #isStale(error: Error): boolean {
    const request = this.#request;
    if (!request?.reusedSocket || this.#response !== null || !isClosed(error)) return false;
    return request.socket?.bytesRead === this.#bytesBefore;
  }

  #endWithRest(response: IncomingMessage): void {
    for (let rest = response.read(); rest !== null; rest = response.read()) this.onData(rest);
    this.onEnd();
  }

  #endRedirect(early: boolean): void {
    const status = this.#response?.statusCode ?? 0;
    const location = headerText(this.#location ?? '');
    const retryAfter = this.#response?.headers['retry-after'] ?? null;
    this.#end({ kind: 'redirect', status, location, retryAfter, timings: this.#stop() });
    if (early) this.#abandon();
  }

  #endAnswer(body: Buffer, cut: boolean): void {
    const response = this.#response;
    if (this.#ended || !response) return;
    const answer = {
      status: response.statusCode ?? 0,
      headers: answerHeaders(response.headers),
      body,
      address: this.#address,
      timings: this.#stop(),
    };
    this.#end({ kind: 'answer', answer });
    if (cut) this.#abandon();
  }

  #stop(): Timings {
    return this.#parts.clock.stop();
  }

  #end(end: HopEnd): void {
    this.#ended = true;
    this.#parts.ended(end);
  }

  /** Closes the connection, wherever it is. */
  #abandon(): void {
    this.giveUp?.();
    this.#body?.stop();
    this.driver?.destroy();
  }
}

function peerOf(url: URL): string {
  return `${url.hostname}:${portOf(url)}`;
}
