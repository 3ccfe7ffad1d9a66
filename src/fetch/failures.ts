// Translates the errors of Node, llhttp, OpenSSL and the operating system into the codes of src/errors.ts.
import { type ErrorCode, type Failure, failure } from '../errors.ts';
import type { Phase } from './timeouts.ts';

/** Where the error happened. The meaning of a closed connection depends on it. */
export interface ErrorPlace {
  readonly phase: Phase;
  /** Whether the body of the answer is sent in chunks. */
  readonly chunked: boolean;
  /** The server, as "host:port". */
  readonly peer: string;
}

const byCode: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'E_CONNECT_REFUSED',
  EHOSTUNREACH: 'E_CONNECT_UNREACHABLE',
  EHOSTDOWN: 'E_CONNECT_UNREACHABLE',
  ENETUNREACH: 'E_CONNECT_UNREACHABLE',
  ENETDOWN: 'E_CONNECT_UNREACHABLE',
  EADDRNOTAVAIL: 'E_CONNECT_UNREACHABLE',
  EAFNOSUPPORT: 'E_CONNECT_UNREACHABLE',
  EACCES: 'E_CONNECT_UNREACHABLE',
  EPERM: 'E_CONNECT_UNREACHABLE',
  EMFILE: 'E_CONNECT_UNREACHABLE',
  ENFILE: 'E_CONNECT_UNREACHABLE',
  CERT_HAS_EXPIRED: 'E_TLS_EXPIRED',
  CERT_NOT_YET_VALID: 'E_TLS_EXPIRED',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'E_TLS_SELF_SIGNED',
  SELF_SIGNED_CERT_IN_CHAIN: 'E_TLS_SELF_SIGNED',
  UNABLE_TO_GET_ISSUER_CERT: 'E_TLS_SELF_SIGNED',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'E_TLS_SELF_SIGNED',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'E_TLS_SELF_SIGNED',
  ERR_TLS_CERT_ALTNAME_INVALID: 'E_TLS_WRONG_NAME',
  HOSTNAME_MISMATCH: 'E_TLS_WRONG_NAME',
  HPE_HEADER_OVERFLOW: 'E_HEADERS_TOO_LARGE',
  // Node refuses these parts of the request before anything is sent.
  ERR_INVALID_CHAR: 'E_REQUEST_INVALID',
  ERR_INVALID_HTTP_TOKEN: 'E_REQUEST_INVALID',
  ERR_UNESCAPED_CHARACTERS: 'E_REQUEST_INVALID',
};

/** The codes that mean: the connection was closed. */
const closed = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE', 'ENOTCONN']);

/** The failure for an error that a connection or a parser threw. Every error has one. */
export function failureOf(thrown: unknown, place: ErrorPlace): Failure {
  const error = rootOf(thrown);
  const code = error.code ?? '';
  return failure(errorCodeOf(code, place), `${place.peer}: ${code || error.message}.`);
}

/** Whether the error means that the server closed the connection. A new connection may then succeed. */
export function isClosed(thrown: unknown): boolean {
  return closed.has(rootOf(thrown).code ?? '');
}

function errorCodeOf(code: string, { phase, chunked }: ErrorPlace): ErrorCode {
  const known = byCode[code];
  if (known) return known;
  if (code === 'ETIMEDOUT') return timedOutIn(phase); // the system's own time limit was shorter than drover's
  const reading = phase === 'read' || phase === 'drain' || phase === 'decode';
  if (code.startsWith('HTTP2_')) return 'E_PROTOCOL';
  if (code.startsWith('HPE_')) return reading && chunked ? 'E_BODY_CHUNKING' : 'E_PROTOCOL';
  if (reading) return 'E_BODY_TRUNCATED';
  if (phase === 'tls' && !closed.has(code)) return 'E_TLS';
  return 'E_RESET';
}

function timedOutIn(phase: Phase): ErrorCode {
  switch (phase) {
    case 'tls':
      return 'E_TLS_TIMEOUT';
    case 'send':
      return 'E_SEND_TIMEOUT';
    case 'response':
      return 'E_RESPONSE_TIMEOUT';
    case 'read':
    case 'drain':
    case 'decode':
      return 'E_READ_TIMEOUT';
    case 'wait':
    case 'dns':
    case 'connect':
      return 'E_CONNECT_TIMEOUT';
    default:
      return phase satisfies never;
  }
}

/** The original error: got wraps the error that Node threw. */
function rootOf(thrown: unknown): NodeJS.ErrnoException {
  let error = thrown as NodeJS.ErrnoException;
  while (error.cause instanceof Error) error = error.cause as NodeJS.ErrnoException;
  return error;
}
