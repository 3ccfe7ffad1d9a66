// One session of HTTP/2 over a connection that drover has made. It counts its streams itself: node:http2
// would let those beyond the server's limit wait, and their wait would count as time of the server.
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2';
import type tls from 'node:tls';
import type { IdleSockets } from '../connection/idle-sockets.ts';
import { serverAddressOf } from '../connection/peer.ts';
import { maxHeadBytes } from '../framing/answer-gate.ts';

/** What connections are shared by: see `nameOf` of the agents. */
export interface HostPlace {
  readonly host: string;
  readonly port: number;
  /** The name in TLS and in the certificate; '' for an address. */
  readonly servername: string;
}

/** How much the server may send ahead of a stream's reader, and over all streams. */
const STREAM_WINDOW = 1024 ** 2;
const SESSION_WINDOW = 16 * 1024 ** 2;

/** A header takes at least this much of the size that is allowed (RFC 9113 section 6.5.2). */
const LEAST_HEADER = 32;

export interface SessionEvents {
  /** It may have room for more streams than before. */
  changed(): void;
  /** It takes no new streams. */
  closed(): void;
  /** The server wants HTTP/1.1. */
  speaksFirst(): void;
  /** A stream of it has ended. */
  left(): void;
}

const ignore = () => undefined;

export class SharedSession {
  readonly socket: tls.TLSSocket;
  /** The IP address of the server; null if it is not known. */
  readonly address: string | null;
  /** Streams in use. */
  streams = 0;
  /** Streams that were ever sent. */
  sent = 0;
  /** Answers that have begun. */
  answered = 0;
  /** What the server has said when it closed the session: why, and the last stream that it has processed. */
  goaway: { code: number; lastId: number } | null = null;
  /** Whether its server's limit is not known yet. */
  isNew = true;
  readonly #session: ClientHttp2Session;
  readonly #events: SessionEvents;
  #most = 1;
  #isOpen = true;
  #idle: IdleSockets | null = null;

  constructor(socket: tls.TLSSocket, { host, port }: HostPlace, events: SessionEvents) {
    this.socket = socket;
    this.address = serverAddressOf(socket);
    this.#events = events;
    const authority = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
    const session = http2.connect(authority, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: STREAM_WINDOW, maxHeaderListSize: maxHeadBytes },
      maxHeaderListPairs: maxHeadBytes / LEAST_HEADER,
    });
    this.#session = session;
    session.setLocalWindowSize(SESSION_WINDOW);
    session.on('error', ignore); // its streams end with it
    session.on('remoteSettings', ({ maxConcurrentStreams = Number.POSITIVE_INFINITY }) => {
      this.isNew = false;
      this.#most = maxConcurrentStreams;
      events.changed();
    });
    session.on('goaway', (code, lastId) => {
      this.goaway = { code, lastId };
      this.#close();
    });
    session.once('close', () => this.#close());
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.#session.closed && !this.#session.destroyed;
  }

  get hasRoom(): boolean {
    return this.streams < this.#most && this.isOpen;
  }

  /** It lets no stream be made: nobody could wait for that to change. */
  get isUseless(): boolean {
    return this.#most === 0 && this.sent === 0;
  }

  /** Counts a stream, before it is made. */
  take(): void {
    if (this.#idle) {
      this.#idle.remove(this.#session);
      this.#idle = null;
      this.#session.ref();
    }
    this.streams++;
  }

  /** Makes the stream that was counted. */
  request(headers: OutgoingHttpHeaders, options: http2.ClientSessionRequestOptions): ClientHttp2Stream {
    this.sent++;
    return this.#session.request(headers, options);
  }

  /** To be called once for each `take`. */
  leave(): void {
    this.streams--;
    this.#events.left();
  }

  /** The server has refused a stream, but goes on with the session: it takes fewer than it says. */
  narrow(): void {
    this.#most = Math.max(1, Math.min(this.#most, this.streams) - 1);
  }

  preferFirst(): void {
    this.#events.speaksFirst();
  }

  /** No stream is in use. With `isKept`, it is closed as idle sockets are. */
  rest(isKept: boolean, idle: IdleSockets): void {
    if (this.#idle !== null || !this.isOpen) return;
    this.#session.unref(); // an idle session does not keep the process running
    // Of one whose server has not said how many streams it takes, nobody knows whether it works.
    if (isKept && !this.isNew && idle.keep(this.#session)) this.#idle = idle;
    else this.#session.close();
  }

  #close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#idle?.remove(this.#session);
    this.#events.closed();
  }
}
