// The client's side of SOCKS 5 (RFC 1928), with user and password (RFC 1929). By hand, because the library
// for it keeps a timer and its client for every connection, and tells no codes (docs/DECISIONS.md).
import { isIP, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import ipaddr from 'ipaddr.js';
import type { ProxyAddress } from '../../config/proxy-address.ts';
import type { ErrorCode } from '../../errors.ts';
import type { ConnectTarget } from '../connection/connect.ts';
import { undialled } from './undialled.ts';

const VERSION = 5;
const [NO_LOGIN, BY_LOGIN] = [0, 2];
/** How long an address is, by its type. A name has its length before it. */
const addressBytes: Readonly<Record<number, number>> = { 1: 4, 4: 16 };
const NAME = 3;

/** RFC 1928 section 6. Those without a code tell of the proxy. */
const replies: readonly { says: string; code?: ErrorCode }[] = [
  { says: 'it is done' },
  { says: 'general failure' },
  { says: 'its rules do not allow the connection' },
  { says: 'the network is unreachable', code: 'E_CONNECT_UNREACHABLE' },
  { says: 'the host is unreachable', code: 'E_CONNECT_UNREACHABLE' },
  { says: 'the connection was refused', code: 'E_CONNECT_REFUSED' },
  { says: 'the packets went too far', code: 'E_CONNECT_TIMEOUT' },
  { says: 'it does not know the command' },
  { says: 'it does not know this type of address' },
];

/** Resolves when the socket leads to the target. Rejects with Undialled; the caller closes the socket. */
export async function openSocks(proxy: ProxyAddress, socket: Duplex, target: ConnectTarget): Promise<void> {
  const { user, password } = proxy;
  const reader = new Reader(proxy, socket);
  try {
    const ways = user === null ? [NO_LOGIN] : [NO_LOGIN, BY_LOGIN];
    socket.write(Uint8Array.from([VERSION, ways.length, ...ways]));
    const [version, way] = await reader.take(2);
    if (version !== VERSION) throw undialled('E_PROXY_CONNECT', proxy, 'it does not speak SOCKS 5.');
    if (way === BY_LOGIN && user !== null) await logIn(proxy, socket, reader, user, password);
    else if (way !== NO_LOGIN)
      throw undialled('E_PROXY_AUTH', proxy, `no way of logging in suits it (${ways.length} offered).`);
    socket.write(Buffer.concat([Uint8Array.from([VERSION, 1, 0]), destination(target)]));
    await hearReply(proxy, reader);
  } finally {
    reader.end();
  }
}

async function logIn(
  proxy: ProxyAddress,
  socket: Duplex,
  reader: Reader,
  user: string,
  password: string,
): Promise<void> {
  const [name, secret] = [Buffer.from(user), Buffer.from(password)];
  socket.write(
    Buffer.concat([Uint8Array.from([1, name.length]), name, Uint8Array.from([secret.length]), secret]),
  );
  const [, status] = await reader.take(2);
  if (status !== 0) throw undialled('E_PROXY_AUTH', proxy, `it says ${status}.`);
}

function destination({ host, port }: ConnectTarget): Buffer {
  const name = Buffer.from(host);
  const address =
    isIP(host) === 0
      ? [NAME, name.length, ...name]
      : [isIPv6(host) ? 4 : 1, ...ipaddr.parse(host).toByteArray()];
  return Buffer.from([...address, port >> 8, port & 255]);
}

async function hearReply(proxy: ProxyAddress, reader: Reader): Promise<void> {
  const [, reply = 1, , type = 0] = await reader.take(4);
  if (reply !== 0) {
    const { says, code = null } = replies[reply] ?? { says: `reply ${reply}` };
    if (code === null) throw undialled('E_PROXY_REFUSED', proxy, `${says}.`, true);
    throw undialled(code, { ...proxy, name: `Through ${proxy.name}` }, `${says}.`, true);
  }
  const length = addressBytes[type] ?? (await reader.take(1))[0] ?? 0;
  await reader.take(length + 2); // where the proxy connects from
}

/** Takes so many bytes from the socket and no more: what follows is of the server. */
class Reader {
  readonly #proxy: ProxyAddress;
  readonly #socket: Duplex;
  #wanted = 0;
  #hear: ((bytes: Buffer) => void) | null = null;
  #fail: ((why: string) => void) | null = null;

  constructor(proxy: ProxyAddress, socket: Duplex) {
    this.#proxy = proxy;
    this.#socket = socket;
    socket
      .on('readable', this.#look)
      .on('end', this.#ended)
      .on('close', this.#ended)
      .on('error', this.#broken);
  }

  take(bytes: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#wanted = bytes;
      this.#hear = resolve;
      this.#fail = (why) => reject(undialled('E_PROXY_CONNECT', this.#proxy, why));
      if (this.#socket.readableEnded || this.#socket.destroyed) this.#ended();
      else this.#look();
    });
  }

  /** Leaves the socket as it was. */
  end(): void {
    this.#socket
      .off('readable', this.#look)
      .off('end', this.#ended)
      .off('close', this.#ended)
      .off('error', this.#broken);
  }

  readonly #look = (): void => {
    if (this.#hear === null) return;
    const bytes: Buffer | null = this.#socket.read(this.#wanted);
    if (bytes === null) return;
    const hear = this.#hear;
    this.#hear = null;
    // At its end, a stream gives what is left.
    if (bytes.length === this.#wanted) hear(bytes);
    else this.#ended();
  };

  readonly #ended = (): void => this.#fail?.('it closed the connection while it was asked.');
  readonly #broken = (error: NodeJS.ErrnoException): void => this.#fail?.(`${error.code ?? error.message}.`);
}
