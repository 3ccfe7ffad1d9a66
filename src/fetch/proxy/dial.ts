// Makes a connection to a server through a proxy, in steps: the server's name is looked up and its addresses
// pass the guard, before anybody is asked for it; TCP to the proxy; TLS to it if it speaks that; the tunnel.
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { ProxyAddress } from '../../config/proxy-address.ts';
import { type Failure, failure } from '../../errors.ts';
import { type ConnectTarget, connectTcp, interleaved, lookUpAllowed } from '../connection/connect.ts';
import type { DialEvents, DialParts } from '../connection/route.ts';
import type { Guard } from '../guard.ts';
import { openTunnel } from './tunnel.ts';
import { Undialled, undialled } from './undialled.ts';

/** How many addresses of a server a proxy is asked for, one after the other. */
const MOST_ADDRESSES = 3;

/** The operator named the proxy, so it may have any address. */
const ANY: Guard = { key: 'proxy', names: () => true, refuses: () => null };

const ignore = () => undefined;

/** One connection that is being made. */
export class Dialling {
  readonly #proxy: ProxyAddress;
  readonly #parts: DialParts;
  readonly #events: DialEvents;
  /** Ends the present step. */
  #stop: () => void = () => undefined;
  #isOver = false;

  constructor(proxy: ProxyAddress, parts: DialParts, events: DialEvents) {
    this.#proxy = proxy;
    this.#parts = parts;
    this.#events = events;
  }

  /** To the server. `isByName`: the proxy looks its name up. */
  toServer(target: ConnectTarget, isByName: boolean): () => void {
    return this.#begin(async () => {
      const isName = isByName && isIP(target.host) === 0;
      if (isName) return { socket: await this.#tunnel(target), address: null };
      const addresses = await this.#addressesOf(target);
      for (const [index, address] of addresses.entries()) {
        try {
          return { socket: await this.#tunnel({ host: address, port: target.port }), address };
        } catch (error) {
          const isLast = index === addresses.length - 1;
          if (isLast || !(error instanceof Undialled && error.isOfAddress)) throw error;
        }
      }
      throw new Error('no address'); // the look-up has at least one
    });
  }

  /** To the proxy itself. */
  toProxy(): () => void {
    return this.#begin(async () => ({ socket: await this.#reach(), address: null }));
  }

  #begin(dial: () => Promise<{ socket: Duplex; address: string | null }>): () => void {
    const end = (tell: () => void) => {
      if (this.#isOver) return;
      this.#isOver = true;
      tell();
    };
    dial().then(
      ({ socket, address }) => {
        if (this.#isOver) socket.destroy();
        end(() => this.#events.done(socket, address));
      },
      (error: unknown) => end(() => this.#events.refused(this.#failureOf(error))),
    );
    return () => {
      this.#isOver = true;
      this.#stop();
    };
  }

  #failureOf(error: unknown): Failure {
    if (error instanceof Undialled) return error.failure;
    return failure('E_PROXY_CONNECT', `${this.#proxy.name}: ${String(error)}.`);
  }

  /** Both families among the first, because the proxy may have one of them only. */
  #addressesOf(target: ConnectTarget): Promise<string[]> {
    const { guard, names } = this.#parts;
    return new Promise((resolve, reject) => {
      this.#stop = lookUpAllowed(target, guard, names, {
        lookup: () => this.#events.enter('dns'),
        passed: (addresses) => resolve(interleaved(addresses).slice(0, MOST_ADDRESSES)),
        refused: (reason) => reject(new Undialled(reason)),
      });
    });
  }

  async #tunnel(target: ConnectTarget): Promise<Duplex> {
    const socket = await this.#reach();
    const { name } = this.#proxy;
    // The proxy has accepted the connection, and connects to the server.
    this.#events.enter('connect', { code: 'E_CONNECT_TIMEOUT', name: `Through ${name}` });
    return openTunnel(this.#proxy, socket, target);
  }

  /** A connection on which the proxy can be spoken to. */
  async #reach(): Promise<Duplex> {
    const socket = await this.#connect();
    return this.#proxy.kind === 'https' ? this.#secure(socket) : socket;
  }

  #connect(): Promise<Socket> {
    const blame = { code: 'E_PROXY_CONNECT', name: this.#proxy.name } as const;
    return new Promise((resolve, reject) => {
      if (this.#isOver) return; // nobody waits any more
      const stop = connectTcp(
        this.#proxy,
        { ...this.#parts, guard: ANY },
        {
          lookup: () => this.#events.enter('dns', blame),
          connect: () => this.#events.enter('connect', blame),
          done: (socket) => {
            this.#stop = () => socket.destroy();
            socket.on('error', ignore); // whoever uses the socket hears of its end in other ways
            resolve(socket);
          },
          failed: (error) => reject(this.#unreached(error.code ?? error.message)),
          refused: ({ code }) => reject(this.#unreached(code)),
        },
      );
      this.#stop = stop;
    });
  }

  #secure(socket: Socket): Promise<Duplex> {
    const { host, name } = this.#proxy;
    this.#events.enter('tls', { code: 'E_PROXY_CONNECT', name });
    return new Promise((resolve, reject) => {
      const secure = tls.connect({
        socket,
        ...(isIP(host) === 0 ? { servername: host } : {}),
        host,
        secureContext: this.#parts.secureContext(),
        ALPNProtocols: ['http/1.1'],
      });
      this.#stop = () => secure.destroy();
      const fail = (error: NodeJS.ErrnoException) => reject(this.#unreached(error.code ?? error.message));
      const closed = () => reject(this.#unreached('closed during the TLS handshake'));
      secure.once('error', fail);
      secure.once('close', closed);
      secure.once('secureConnect', () => {
        secure.off('error', fail);
        secure.off('close', closed);
        secure.on('error', ignore);
        resolve(secure);
      });
    });
  }

  #unreached(why: string): Undialled {
    return undialled('E_PROXY_CONNECT', this.#proxy, `${why}.`);
  }
}
