// What node, llhttp, OpenSSL and the system call an error, in the words of the catalogue.
import { type ErrorCode, type Failure, failure } from '../errors.ts';
import type { Phase } from './timeouts.ts';

/** Where the error came: it decides what a closed connection means. */
export interface ErrorPlace {
  readonly phase: Phase;
  /** The body of the answer is in chunks. */
  readonly chunked: boolean;
  /** host:port */
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
  // What the request itself holds, refused by node before anything is sent.
  ERR_INVALID_CHAR: 'E_REQUEST_INVALID',
  ERR_INVALID_HTTP_TOKEN: 'E_REQUEST_INVALID',
  ERR_UNESCAPED_CHARACTERS: 'E_REQUEST_INVALID',
};

/** The connection ended, by whatever name. */
const closed = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE', 'ENOTCONN']);

/** A failure for whatever a connection or a parser can throw at us. */
export function failureOf(thrown: unknown, place: ErrorPlace): Failure {
  const error = rootOf(thrown);
  const code = error.code ?? '';
  return failure(errorCodeOf(code, place), `${place.peer}: ${code || error.message}.`);
}

/** Whether the other end closed the connection: then another one may do. */
export function isClosed(thrown: unknown): boolean {
  return closed.has(rootOf(thrown).code ?? '');
}

function errorCodeOf(code: string, { phase, chunked }: ErrorPlace): ErrorCode {
  const known = byCode[code];
  if (known) return known;
  if (code === 'ETIMEDOUT') return timedOutIn(phase); // the system's own limit came before ours
  const reading = phase === 'read' || phase === 'drain' || phase === 'decode';
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

/** got wraps what node threw. */
function rootOf(thrown: unknown): NodeJS.ErrnoException {
  let error = thrown as NodeJS.ErrnoException;
  while (error.cause instanceof Error) error = error.cause as NodeJS.ErrnoException;
  return error;
}
