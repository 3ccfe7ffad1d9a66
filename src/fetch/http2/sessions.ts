// The sessions of HTTP/2 under one guard and on one route. All hops to a host share them, and one connection
// is made at a time: only its server's answer (ALPN) tells whether the host speaks HTTP/2.
import type { Agent } from 'node:https';
import type { Duplex } from 'node:stream';
import type tls from 'node:tls';
import type { AgentPair, Connecting } from '../connection/agent.ts';
import type { IdleSockets } from '../connection/idle-sockets.ts';
import type { Hop } from '../hop.ts';
import type { Blame, Phase } from '../timeouts.ts';
import { type HostPlace, SharedSession } from './session.ts';

/** A hop that needs a stream. One of the two is called, perhaps at once, unless the hop fails before. */
export interface Wanting {
  readonly hop: Hop;
  onSession(session: SharedSession): void;
  /** The host speaks HTTP/1.1. `socket`: a connection to it for this hop; null if others have it. */
  onFirst(socket: Duplex | null): void;
}

/** For so long it is remembered that a host speaks HTTP/1.1, and for how many hosts. */
const FIRST_MS = 3_600_000;
const MOST_FIRST = 10_000;

const ignore = () => undefined;

export class HostSessions {
  readonly #agents: AgentPair;
  readonly #idle: IdleSockets;
  readonly #hosts = new Map<string, Host>();
  /** Hosts that speak HTTP/1.1, with the time until which that is remembered. */
  readonly #first = new Map<string, number>();
  #isRetired = false;

  constructor(agents: AgentPair, idle: IdleSockets) {
    this.#agents = agents;
    this.#idle = idle;
  }

  #speaksFirst(key: string): boolean {
    return (this.#first.get(key) ?? 0) > performance.now();
  }

  want(place: HostPlace, wanting: Wanting): void {
    const key = keyOf(place);
    if (this.#speaksFirst(key)) {
      wanting.onFirst(null);
      return;
    }
    const host = this.#hosts.get(key) ?? new Host(key, place, this.#agents, this.#idle, this);
    this.#hosts.set(key, host);
    host.want(wanting);
  }

  noteFirst(key: string): void {
    const [oldest] = this.#first.keys();
    if (oldest !== undefined && this.#first.size >= MOST_FIRST) this.#first.delete(oldest);
    this.#first.set(key, performance.now() + FIRST_MS);
  }

  get isRetired(): boolean {
    return this.#isRetired;
  }

  retire(): void {
    this.#isRetired = true;
    for (const host of this.#hosts.values()) host.retire();
  }

  forget(key: string): void {
    this.#hosts.delete(key);
  }
}

function keyOf({ host, port, servername }: HostPlace): string {
  return `${host}:${port} ${servername}`;
}

/** One host: its sessions, and the hops that wait for a stream. */
class Host {
  readonly #key: string;
  readonly #place: HostPlace;
  readonly #agents: AgentPair;
  readonly #idle: IdleSockets;
  readonly #all: HostSessions;
  readonly #sessions: SharedSession[] = [];
  readonly #waiting = new Set<Wanting>();
  /** The connection that is being made, and the phase that it is in. */
  #dial: Connecting | null = null;
  #phase: [Phase, Blame | undefined] | null = null;

  constructor(key: string, place: HostPlace, agents: AgentPair, idle: IdleSockets, all: HostSessions) {
    this.#key = key;
    this.#place = place;
    this.#agents = agents;
    this.#idle = idle;
    this.#all = all;
  }

  want(wanting: Wanting): void {
    const free = this.#sessions.find((session) => session.hasRoom);
    if (free) {
      this.#serve(wanting, free);
      return;
    }
    const { hop } = wanting;
    this.#waiting.add(wanting);
    hop.giveUp = () => {
      this.#waiting.delete(wanting);
      this.#stopUnwanted();
    };
    // Its times are those of the connection: it would have made one of its own.
    if (this.#phase) hop.enter(...this.#phase);
    this.#share();
  }

  /** Serves those who wait, as far as there is room. To be called when there is more of it. */
  #share(): void {
    for (const wanting of this.#waiting) {
      const free = this.#sessions.find((session) => session.hasRoom);
      if (!free) break;
      this.#waiting.delete(wanting);
      this.#serve(wanting, free);
    }
    this.#stopUnwanted();
    const mayHaveMore = this.#sessions.some((session) => session.isNew);
    if (this.#waiting.size > 0 && this.#dial === null && !mayHaveMore) this.#connect();
  }

  #serve(wanting: Wanting, session: SharedSession): void {
    wanting.hop.giveUp = null;
    session.take();
    wanting.onSession(session);
  }

  /** Each of those who wait has its own limits for the phases of the connection, and so ends it in time. */
  #stopUnwanted(): void {
    if (this.#waiting.size > 0 || this.#dial === null) return;
    const { giveUp } = this.#dial;
    this.#dial = null;
    this.#phase = null;
    giveUp?.();
  }

  /** Takes out all who wait. */
  #drain(): Wanting[] {
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const { hop } of all) hop.giveUp = null;
    return all;
  }

  #connect(): void {
    const { https } = this.#agents;
    const connecting: Connecting = {
      giveUp: null,
      enter: (phase, blame) => {
        if (this.#dial !== connecting) return;
        this.#phase = [phase, blame];
        for (const { hop } of this.#waiting) hop.enter(phase, blame);
      },
      refuse: (failure) => {
        if (this.#dial !== connecting) return;
        for (const { hop } of this.#drain()) hop.refuse(failure);
      },
    };
    this.#dial = connecting;
    const options = {
      ...(https as Agent).options,
      ...this.#place,
      ALPNProtocols: ['h2', 'http/1.1'],
      // The agent keeps the sessions of TLS by it.
      _agentKey: https.getName(this.#place),
      connecting,
    };
    https.createConnection(options, (error, socket) => {
      if (this.#dial !== connecting) {
        socket?.destroy(); // nobody has waited for it to the end
        return;
      }
      this.#dial = null;
      this.#phase = null;
      if (error) for (const { hop } of this.#drain()) hop.onError(error);
      else if (socket) this.#connected(socket as tls.TLSSocket);
      this.#forgetUnused();
    });
  }

  #connected(socket: tls.TLSSocket): void {
    if (socket.alpnProtocol === 'h2') {
      this.#open(socket);
      return;
    }
    this.#all.noteFirst(this.#key);
    socket.on('error', ignore); // until it has a request, nobody else listens
    const [first, ...others] = this.#drain();
    if (first) first.onFirst(socket);
    else socket.destroy();
    for (const { onFirst } of others) onFirst(null);
  }

  #open(socket: tls.TLSSocket): void {
    const session = new SharedSession(socket, this.#place, {
      changed: () => {
        if (session.isUseless) this.#noteFirst();
        this.#share();
      },
      closed: () => {
        const at = this.#sessions.indexOf(session);
        if (at >= 0) this.#sessions.splice(at, 1);
        this.#share();
        this.#forgetUnused();
      },
      speaksFirst: () => this.#noteFirst(),
      left: () => this.#left(session),
    });
    this.#sessions.push(session);
    this.#share();
    if (session.streams === 0) this.#left(session);
  }

  /** A stream of the session has ended. */
  #left(session: SharedSession): void {
    this.#share();
    if (session.streams > 0) return;
    session.rest(!this.#all.isRetired, this.#idle);
  }

  #noteFirst(): void {
    this.#all.noteFirst(this.#key);
    for (const { onFirst } of this.#drain()) onFirst(null);
  }

  #forgetUnused(): void {
    if (this.#waiting.size === 0 && this.#sessions.length === 0 && this.#dial === null)
      this.#all.forget(this.#key);
  }

  retire(): void {
    for (const session of [...this.#sessions]) if (session.streams === 0) session.rest(false, this.#idle);
  }
}
