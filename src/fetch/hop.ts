// One hop: one HTTP request and its answer. A hop follows the phases of the request and ends exactly once.
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Failure, failure } from '../errors.ts';
import type { Came, Timings } from '../outcome.ts';
import { BodyReader } from './body/reader.ts';
import type { Connecting } from './connection/agent.ts';
import {
  type Driver,
  type HopEnd,
  type HopParts,
  type HopStream,
  versionOf,
} from './connection/hop-parts.ts';
import { idleMsOf } from './connection/idle-sockets.ts';
import { serverAddressOf } from './connection/peer.ts';
import { requestOptions } from './connection/request-options.ts';
import type { AbsoluteForm } from './connection/route.ts';
import { failureOf, isClosed } from './failures.ts';
import { expectAnswer } from './framing/answer-gate.ts';
import { answerHeaders } from './headers.ts';
import { escapedLocation, locationOf } from './redirect.ts';
import { peerOf } from './target.ts';
import type { Blame, Phase } from './timeouts.ts';
import type { Watched } from './watchdog.ts';

/** The body of a redirect is read up to this size. Reading more costs more than a new connection. */
const drainBytes = 64 * 1024;

/** One hop. The client passes the events of got to it (`onData`, …). `ended` is called exactly once. */
export class Hop implements Watched, Connecting {
  giveUp: (() => void) | null = null;
  driver: Driver | null = null;
  /** Set where the hop is made over HTTP/2. */
  stream: HopStream | null = null;
  /** A connection for its request, which no agent knows yet. */
  ready: Duplex | null = null;
  readonly #parts: HopParts;
  #request: ClientRequest | null = null;
  #response: IncomingMessage | null = null;
  /** The request goes to a proxy in this form. */
  #asked: AbsoluteForm | null = null;
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

  /** Whether sending is a phase of its own. A head alone goes out at once; only a trace asks how fast. */
  get #sends(): boolean {
    return this.#parts.target.body !== null || this.#parts.clock.isTraced;
  }

  /** Makes Node's request, which got then uses. Throws the errors of Node for headers that cannot be sent. */
  send(): ClientRequest {
    const { target, agents } = this.#parts;
    this.#asked = target.url.protocol === 'https:' ? null : agents.absoluteForm;
    const request = http.request(requestOptions(target, agents, this.#asked, this));
    this.ready?.destroy(); // an idle connection was there too
    request.maxHeadersCount = 0; // the limit is that of their size
    // The gate before the parser has dealt with what the parser now lets pass. Set behind http.request, which
    // would otherwise let the request have odd headers too.
    Object.assign(request, { insecureHTTPParser: true });
    this.#request = request;
    request.once('socket', (socket) => this.#onSocket(socket));
    // This listener comes before got's own and so gets the error as Node made it.
    request.once('error', (error) => this.onError(error));
    if (this.#sends) request.once('finish', () => this.#onSent());
    return request;
  }

  enter(phase: Phase, blame?: Blame): void {
    if (!this.#ended) this.#parts.clock.enter(phase, blame);
  }

  refuse(reason: Failure): void {
    this.fail(reason);
  }

  expire(): void {
    if (this.#location !== null) this.#endRedirect(true);
    else this.fail(this.#parts.clock.failure());
  }

  onResponse(response: IncomingMessage): void {
    this.stream?.shape(response);
    const { headers, statusCode = 0 } = response;
    const refusal = this.#asked?.refusalOf(statusCode, headers);
    if (refusal) this.fail(refusal);
    if (this.#ended) return;
    this.#response = response;
    this.#parts.copy?.answered(response, this.stream?.sentHead());
    this.#address = serverAddressOf(response.socket);
    if (this.stream === null) this.#noteIdleTime(response);
    this.#location = locationOf(statusCode, headers.location);
    this.enter(this.#location === null ? 'read' : 'drain');
    if (this.#location !== null) return;
    const bodiless = this.#parts.target.method === 'HEAD' || statusCode === 204 || statusCode === 304;
    const declared = bodiless
      ? {}
      : {
          encoding: headers['content-encoding'],
          contentLength: headers['content-length'],
          endsItself:
            this.stream !== null || (headers['content-length'] ?? headers['transfer-encoding']) !== undefined,
        };
    this.#body = new BodyReader(declared, this.#parts.limits, {
      done: (body, cut) => this.#endAnswer(body, cut),
      failed: (reason) => this.fail(reason),
      pause: () => this.#pause(),
      resume: () => this.#resume(),
    });
  }

  #noteIdleTime(response: IncomingMessage): void {
    const keepAlive = response.headers['keep-alive'];
    if (keepAlive !== undefined) this.#parts.idle.announce(response.socket, idleMsOf(String(keepAlive)));
    if (this.#isLeft408(response)) this.#parts.idle.announce(response.socket, 0);
  }

  onData(chunk: Buffer): void {
    if (this.#ended) return;
    this.#parts.copy?.add(chunk);
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
    this.#parts.copy?.whole();
    if (this.#location === null) {
      this.enter('decode');
      this.#body?.finish();
    } else {
      this.#endRedirect(false);
    }
  }

  /** Called with an error of the request, of the answer or of got. */
  onError(error: Error): void {
    if (this.#ended) return;
    // The answer is complete, but more bytes came than Content-Length announced. Like browsers, drover takes
    // as many bytes as announced. The connection is closed.
    if (this.#response?.complete) this.#endWithRest(this.#response);
    else if (this.#location !== null) this.#endRedirect(true);
    else this.#endFailed(error);
  }

  #endFailed(thrown: Error): void {
    const error = this.stream?.errorOf(thrown) ?? thrown;
    const unprocessed = this.#response === null ? this.stream?.unprocessed : null;
    const where = {
      phase: this.#parts.clock.phase,
      chunked: this.#response?.headers['transfer-encoding'] !== undefined,
      peer: peerOf(this.#parts.target.url),
    };
    this.#end({
      kind: 'failed',
      failure: failureOf(error, where),
      stale: this.#isStale(error),
      timings: this.#stop(),
      came: this.#came(error),
      ...(unprocessed ? { unprocessed } : {}),
    });
    this.#abandon();
  }

  /** Called when the server switches to another protocol, which the request did not ask for. */
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
    const response = this.#response;
    return { address, status: response?.statusCode ?? null, http: response && versionOf(response) };
  }

  #onSocket(socket: Socket): void {
    if (this.#ended || !this.#start(serverAddressOf(socket))) return;
    expectAnswer(socket, this.#parts.target.method);
    if (this.#request?.reusedSocket) this.#bytesBefore = socket.bytesRead;
  }

  /** To be called when its stream could be sent. Returns false if it must not be. */
  sendOn(stream: HopStream): boolean {
    if (this.#ended || !this.#start(stream.address)) return false;
    if (this.#sends) stream.onSent(() => this.#onSent());
    return true;
  }

  #start(address: string | null): boolean {
    this.#address = address;
    const refusal = this.#parts.mayStart?.();
    if (refusal) {
      this.fail(refusal);
      return false;
    }
    this.enter(this.#sends ? 'send' : 'response');
    // Called after the request is written: a delay that counts from this moment may be too long, but never
    // too short.
    if (this.#parts.started) setImmediate(this.#parts.started);
    return true;
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

  #isStale(error: Error): boolean {
    if (this.stream !== null) return this.#response === null && this.stream.isStale;
    const request = this.#request;
    if (!request?.reusedSocket || this.#response !== null || !isClosed(error)) return false;
    return request.socket?.bytesRead === this.#bytesBefore;
  }

  #isLeft408({ statusCode }: IncomingMessage): boolean {
    return statusCode === 408 && this.#request?.reusedSocket === true;
  }

  #endWithRest(response: IncomingMessage): void {
    for (let rest = response.read(); rest !== null; rest = response.read()) this.onData(rest);
    this.onEnd();
  }

  #endRedirect(early: boolean): void {
    const status = this.#response?.statusCode ?? 0;
    const location = escapedLocation(this.#location ?? '');
    const { 'retry-after': retryAfter = null, 'set-cookie': setCookie = [] } = this.#response?.headers ?? {};
    const came = { status, location, retryAfter, setCookie, address: this.#address };
    this.#end({ kind: 'redirect', ...came, timings: this.#stop() });
    if (early) this.#abandon();
  }

  #endAnswer(body: Buffer, cut: boolean): void {
    const response = this.#response;
    if (this.#ended || !response) return;
    const { 'set-cookie': setCookie = [] } = response.headers; // answerHeaders joins them
    const answer = {
      ...{ status: response.statusCode ?? 0, http: versionOf(response), body },
      headers: answerHeaders(response.headers, response.rawHeaders),
      address: this.#address,
      timings: this.#stop(),
    };
    this.#end({ kind: 'answer', answer, setCookie, stale: this.#isLeft408(response) });
    if (cut) this.#abandon();
  }

  #stop(): Timings {
    return this.#parts.clock.stop();
  }

  #end(end: HopEnd): void {
    this.#ended = true;
    this.#parts.ended(end);
    this.stream?.release();
    this.ready?.destroy();
  }

  /** Closes the connection, whether it is being made or in use. */
  #abandon(): void {
    this.giveUp?.();
    this.#body?.stop();
    this.driver?.destroy();
  }
}
