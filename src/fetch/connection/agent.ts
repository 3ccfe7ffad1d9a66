// The keep-alive agents, one pair for each guard. They connect in four phases, each with a time limit of its
// own: look-up of the name, check by the guard, TCP, TLS.
import http from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type tls from 'node:tls';
import type { Failure } from '../../errors.ts';
import { guardAnswers, isReusable } from '../framing/answer-gate.ts';
import type { Guard } from '../guard.ts';
import type { Names } from '../names/lookup.ts';
import type { Network } from '../network/network.ts';
import type { Blame, Phase } from '../timeouts.ts';
import { type ConnectTarget, connectTcp } from './connect.ts';
import type { IdleSockets } from './idle-sockets.ts';
import { noteServer } from './peer.ts';
import type { AbsoluteForm, DialEvents, Route } from './route.ts';

/** The hop that needs the connection. It is given to http.request as the option `connecting`. */
export interface Connecting {
  enter(phase: Phase, blame?: Blame): void;
  /**
   * Called when the look-up fails, the guard refuses the address, or a proxy does not bring it to the server.
   * No connection is made.
   */
  refuse(failure: Failure): void;
  /** Gives up the connection that is being made. Null when no connection is being made. */
  giveUp: (() => void) | null;
  /** A connection that has been made for the request already. It is used in place of another. */
  ready?: Duplex | null;
}

export interface AgentPair {
  readonly http: http.Agent;
  readonly https: http.Agent;
  /** How plain http asks the proxy at the other end of its sockets; null if the server is there. */
  readonly absoluteForm: AbsoluteForm | null;
  /** Its sessions of HTTP/2, once there are some. */
  sessions: { retire(): void } | null;
  hasIdle(host: string, port: number): boolean;
  /** Closes the idle connections to one host and port. */
  purge(host: string, port: number): void;
  /** Closes idle connections, and those in use as soon as they become idle. */
  retire(): void;
}

export interface AgentParts {
  readonly guard: Guard;
  /** Null: straight to the server. */
  readonly route: Route | null;
  readonly names: Names;
  readonly idle: IdleSockets;
  /** Null: the settings change nothing of connections. */
  readonly network: Network | null;
  /** Called for the first host that speaks TLS: node:tls and its certificates take 30 ms to load. */
  readonly secureContext: () => tls.SecureContext;
}

const OPTIONS = { keepAlive: true, scheduling: 'lifo' as const };

type ConnectOptions = http.ClientRequestArgs & { connecting?: Connecting };
/** The agent's callback: an error, or the socket. */
type Connected = (error: Error | null, socket?: Duplex) => void;

/** Makes a pair of agents. All requests under one guard and on one route share its sockets. */
export function createAgents(parts: AgentParts): AgentPair {
  const plain = new http.Agent(OPTIONS);
  const absoluteForm = parts.route?.absoluteForm ?? null;
  const asksProxy = absoluteForm !== null;
  connectBy(plain, asksProxy ? proxyName : nameOf, (request, connected) =>
    openTcp({ ...parts, asksProxy }, request, connected, (tcp) => connected(null, tcp)),
  );
  const agents = [plain];
  const life = { retired: false };
  keepBy(plain, parts.idle, life);
  let secure: https.Agent | undefined;
  return {
    http: plain,
    absoluteForm,
    sessions: null,
    get https() {
      if (!secure) {
        secure = makeSecure(parts);
        keepBy(secure, parts.idle, life);
        agents.push(secure);
      }
      return secure;
    },
    hasIdle: (host, port) =>
      agents.some(({ freeSockets }) => (freeSockets[`${host}:${port}`]?.length ?? 0) > 0),
    purge(host, port) {
      for (const agent of agents)
        closeIdle(agent, (name) => [`${host}:${port}`, PROXY].includes(name.split(' ', 1)[0] ?? ''));
    },
    retire() {
      life.retired = true;
      for (const agent of agents) closeIdle(agent, () => true);
      this.sessions?.retire();
    },
  };
}

function makeSecure(parts: AgentParts): https.Agent {
  const secure = new https.Agent({
    ...OPTIONS,
    secureContext: parts.secureContext(),
    ALPNProtocols: ['http/1.1'],
  } as https.AgentOptions);
  // The agent's own method keeps the TLS sessions by host and port, so that later connections can resume
  // them.
  const handshake = secure.createConnection.bind(secure);
  connectBy(secure, nameOf, (request, connected) => {
    const { connecting } = request;
    openTcp(parts, request, connected, (tcp, address) => {
      const place = { host: request.host ?? '', port: Number(request.port) };
      const own = parts.network?.tlsFor(place, parts.guard);
      const socket = handshake({ ...request, ...own, socket: tcp } as https.RequestOptions) as tls.TLSSocket;
      if (address !== undefined) noteServer(socket, address);
      whenSecure(socket, connecting, connected);
    });
  });
  return secure;
}

function closeIdle(agent: http.Agent, concerns: (name: string) => boolean): void {
  for (const [name, sockets = []] of Object.entries(agent.freeSockets)) {
    if (concerns(name)) for (const socket of sockets) socket.destroy();
  }
}

/**
 * Requests share a socket if this name is equal: everything else is the same for all requests of one agent.
 * The server name is part of it, because a Host header of the request decides for which name the certificate
 * must be.
 */
function nameOf(options: http.ClientRequestArgs & { servername?: string } = {}): string {
  const { host, port, servername } = options;
  return servername && servername !== host ? `${host}:${port} ${servername}` : `${host}:${port}`;
}

/** In absolute form, a proxy is asked for every server on the same sockets. */
const PROXY = 'proxy';
const proxyName = () => PROXY;

function connectBy(
  agent: http.Agent,
  name: typeof nameOf,
  connect: (options: ConnectOptions, connected: Connected) => void,
): void {
  agent.getName = name;
  agent.createConnection = (options: ConnectOptions, callback) => {
    const ready = takeReady(options);
    if (ready) {
      callback?.(null, ready);
      return null;
    }
    connect(options, (error, socket) => {
      if (error) forgetEmpty(agent, name(options));
      else if (socket) guardAnswers(socket);
      callback?.(error, socket as Duplex);
    });
    return null;
  };
}

function takeReady(options: ConnectOptions): Duplex | null {
  const { connecting } = options;
  if (!connecting?.ready || connecting.ready.destroyed) return null;
  const { ready } = connecting;
  connecting.ready = null;
  options.connecting = undefined; // as in openTcp
  return ready;
}

/** Deletes the empty list of sockets that the agent made for a name before a connection that then failed. */
function forgetEmpty(agent: http.Agent, name: string): void {
  const sockets = agent.sockets as Record<string, Socket[] | undefined>;
  if (sockets[name]?.length === 0) delete sockets[name];
}

function keepBy(agent: http.Agent, idle: IdleSockets, life: { retired: boolean }): void {
  agent.keepSocketAlive = (socket) => {
    (socket as Socket).unref(); // an idle socket does not keep the process running
    return !life.retired && isReusable(socket) && idle.keep(socket);
  };
  const reuse = agent.reuseSocket.bind(agent);
  agent.reuseSocket = (socket, request) => {
    idle.remove(socket);
    reuse(socket, request);
  };
}

/**
 * Opens a connection for the request: TCP to the server, or the route's way. `done` is called with the
 * socket, and with the server's address if a proxy is between; `connected` is called with an error.
 */
function openTcp(
  parts: OpenParts,
  options: ConnectOptions,
  connected: Connected,
  done: (socket: Duplex, address?: string | null) => void,
): void {
  const { connecting } = options;
  // The agent keeps these options for the lifetime of the socket, and `connecting` keeps a whole page in
  // memory.
  options.connecting = undefined;
  let over = false;
  const end = (say: () => void) => {
    over = true;
    if (connecting) connecting.giveUp = null;
    say();
  };
  const target = { host: options.host ?? '', port: Number(options.port) };
  const stop = dial(parts, target, {
    enter: (phase, blame) => connecting?.enter(phase, blame),
    done: (socket, address) => end(() => done(socket, address)),
    failed: (error) => end(() => connected(error)),
    refused: (failure) =>
      end(() => {
        connecting?.refuse(failure);
        connected(new Error(failure.code));
      }),
  });
  if (over || !connecting) return;
  connecting.giveUp = () => {
    stop();
    end(() => connected(new Error('given up')));
  };
}

interface OpenParts extends AgentParts {
  /** The request is for the proxy itself, in absolute form. */
  readonly asksProxy?: boolean;
}

interface OpenEvents extends Omit<DialEvents, 'done'> {
  done(socket: Duplex, address?: string | null): void;
  failed(error: Error): void;
}

function dial(parts: OpenParts, target: ConnectTarget, events: OpenEvents): () => void {
  const { route, asksProxy } = parts;
  if (route === null)
    return connectTcp(target, parts, {
      ...events,
      lookup: () => events.enter('dns'),
      connect: () => events.enter('connect'),
    });
  const behind = {
    ...events,
    done(socket: Duplex, address: string | null) {
      noteServer(socket, address);
      events.done(socket, address);
    },
  };
  return asksProxy ? route.dialProxy(parts, behind) : route.dial(target, parts, behind);
}

function whenSecure(socket: tls.TLSSocket, connecting: Connecting | undefined, connected: Connected): void {
  const finish = (error: Error | null) => {
    socket.removeListener('error', finish);
    socket.removeListener('close', onClose);
    socket.removeListener('secureConnect', onSecure);
    if (connecting) connecting.giveUp = null;
    connected(error, socket);
  };
  const onSecure = () => finish(null);
  const onClose = () => finish(new Error('closed during the TLS handshake'));
  socket.once('error', finish);
  socket.once('close', onClose);
  socket.once('secureConnect', onSecure);
  if (!connecting) return;
  connecting.enter('tls');
  connecting.giveUp = () => socket.destroy();
}
