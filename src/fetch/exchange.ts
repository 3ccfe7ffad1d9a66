// One hop as it went over the wire, for archives: what was sent, and what came before anything was decoded.
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Failure } from '../errors.ts';
import { serverAddressOf } from './connection/peer.ts';
import type { Target } from './target.ts';

/** Why a body is not whole, in the words of WARC 1.1 section 5.13. */
export type Truncation = 'length' | 'time' | 'disconnect' | 'unspecified';

export interface Exchange {
  /** Without fragment and credentials. */
  url: string;
  method: string;
  /** When the hop began, in milliseconds since 1970, and how long it took in milliseconds. */
  beganAt: number;
  tookMs: number;
  /** The request line and the headers, as they were sent, without the empty line. HTTP/2 as HTTP/1.1. */
  requestHead: string;
  requestBody: string | null;
  /** `HTTP/1.1 200 OK` */
  statusLine: string;
  status: number;
  /** Names and values in turn, as they came; each character is one byte. */
  rawHeaders: readonly string[];
  /** The bytes of the body, without transfer coding and with content coding. */
  body: readonly Buffer[];
  bodyBytes: number;
  /** Null when the whole body came. */
  truncated: Truncation | null;
  /** IP address of the server; null if it is not known. */
  address: string | null;
  /** The protocols of the connection: `http/1.1` or `h2`, and `tls/1.3` where there is one. */
  protocols: readonly string[];
  /** The cipher suite of TLS by its IANA name; null without TLS. */
  cipher: string | null;
}

/** A coded body may be this much longer than the body that is kept of it. */
const CODING_BYTES = 64 * 1024;

/** Keeps what goes over the wire in one hop. */
export class ExchangeCopy {
  readonly #target: Target;
  readonly #mostBytes: number;
  readonly #beganAt = performance.timeOrigin + performance.now();
  #response: IncomingMessage | null = null;
  #head: string | undefined;
  /** Read with the head: after the answer, the socket is no longer its own. */
  #connection: Connection | null = null;
  #body: Buffer[] = [];
  #bytes = 0;
  #isFull = false;
  #isWhole = false;

  /** `maxBytes`: the size limit of the decoded body. */
  constructor(target: Target, maxBytes: number) {
    this.#target = target;
    this.#mostBytes = maxBytes + CODING_BYTES;
  }

  /** `head`: that of the request; without it, the one that Node has written. */
  answered(response: IncomingMessage, head?: string): void {
    this.#response = response;
    this.#head = head;
    this.#connection = connectionOf(response);
  }

  add(chunk: Buffer): void {
    if (this.#isFull) return;
    const left = this.#mostBytes - this.#bytes;
    this.#isFull = chunk.length > left;
    const kept = this.#isFull ? chunk.subarray(0, left) : chunk;
    this.#body.push(kept);
    this.#bytes += kept.length;
  }

  /** All of the body has come. */
  whole(): void {
    this.#isWhole = true;
  }

  /** The exchange; null if no answer came. `failure`: why the hop failed. */
  end(failure: Failure | null): Exchange | null {
    const response = this.#response;
    const connection = this.#connection;
    if (response === null || connection === null) return null;
    const { url, method, body } = this.#target;
    const { statusCode = 0, statusMessage = '', httpVersion, rawHeaders } = response;
    const { req } = response as IncomingMessage & { req?: ClientRequest };
    return {
      url: url.href,
      method,
      beganAt: this.#beganAt,
      tookMs: performance.timeOrigin + performance.now() - this.#beganAt,
      requestHead: this.#head ?? sentHead(req) ?? `${method} ${url.pathname}${url.search} HTTP/1.1`,
      requestBody: body,
      // An archive has no form for frames of HTTP/2: `protocols` says what it was.
      statusLine:
        `HTTP/${isSecond(httpVersion) ? '1.1' : httpVersion} ${statusCode} ${statusMessage}`.trimEnd(),
      status: statusCode,
      rawHeaders,
      body: this.#body,
      bodyBytes: this.#bytes,
      truncated: this.#isWhole && !this.#isFull ? null : truncationBy(this.#isFull ? null : failure),
      ...connection,
    };
  }
}

/**
 * Node keeps the head that it wrote; `getHeaders` lacks what Node itself adds. What it says to a proxy is no
 * part of the exchange with the server.
 */
function sentHead(request: ClientRequest | undefined): string | null {
  const { _header: head } = (request ?? {}) as { _header?: string | null };
  return head ? head.replace(/(?:\r\n)+$/, '').replace(/\r\nproxy-[^\r]*/gi, '') : null;
}

const isSecond = (httpVersion: string) => httpVersion === '2.0';

type Connection = Pick<Exchange, 'address' | 'protocols' | 'cipher'>;

function connectionOf({ httpVersion, socket }: IncomingMessage): Connection {
  const address = serverAddressOf(socket)?.replace(/^::ffff:(?=\d+\.)/, '') ?? null;
  const http = isSecond(httpVersion) ? 'h2' : `http/${httpVersion}`;
  const secure = socket as TLSSocket;
  if (!secure.encrypted) return { address, protocols: [http], cipher: null };
  const version = secure.getProtocol()?.replace(/^TLSv/, '');
  return {
    address,
    protocols: version ? [http, `tls/${version}`] : [http],
    cipher: secure.getCipher()?.standardName ?? null,
  };
}

/** Without a failure, the limit of the body or of a redirect has cut it off. */
function truncationBy(failure: Failure | null): Truncation {
  if (failure === null || failure.code === 'E_TOO_LARGE') return 'length';
  if (failure.code.endsWith('_TIMEOUT')) return 'time';
  return failure.code === 'E_BODY_TRUNCATED' ? 'disconnect' : 'unspecified';
}
