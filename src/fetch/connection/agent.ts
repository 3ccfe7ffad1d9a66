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
import type { Phase } from '../timeouts.ts';
import { connectTcp } from './connect.ts';
import type { IdleSockets } from './idle-sockets.ts';

/** The hop that needs the connection. It is given to http.request as the option `connecting`. */
export interface Connecting {
  enter(phase: Phase): void;
  /** Called when the look-up fails or the guard refuses the address. No connection is made. */
  refuse(failure: Failure): void;
  /** Gives up the connection that is being made. Null when no connection is being made. */
  giveUp: (() => void) | null;
}

export interface AgentPair {
  readonly http: http.Agent;
  readonly https: http.Agent;
  hasIdle(host: string, port: number): boolean;
  /** Closes the idle connections to one host and port. */
  purge(host: string, port: number): void;
  /** Closes idle connections, and those in use as soon as they become idle. */
  retire(): void;
}

export interface AgentParts {
  readonly guard: Guard;
  readonly names: Names;
  readonly idle: IdleSockets;
  /** Called for the first host that speaks TLS: node:tls and its certificates take 30 ms to load. */
  readonly secureContext: () => tls.SecureContext;
}

const OPTIONS = { keepAlive: true, scheduling: 'lifo' as const };

type ConnectOptions = http.ClientRequestArgs & { connecting?: Connecting };
/** The agent's callback: an error, or the socket. */
type Connected = (error: Error | null, socket?: Duplex) => void;

/** Makes a pair of agents. All requests under one guard share its sockets. */
export function createAgents(parts: AgentParts): AgentPair {
  const plain = new http.Agent(OPTIONS);
  connectBy(plain, (request, connected) => openTcp(parts, request, connected, (tcp) => connected(null, tcp)));
  const agents = [plain];
  const life = { retired: false };
  keepBy(plain, parts.idle, life);
  let secure: https.Agent | undefined;
  return {
    http: plain,
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
      for (const agent of agents) closeIdle(agent, (name) => name.split(' ', 1)[0] === `${host}:${port}`);
    },
    retire() {
      life.retired = true;
      for (const agent of agents) closeIdle(agent, () => true);
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
  connectBy(secure, (request, connected) => {
    const { connecting } = request;
    openTcp(parts, request, connected, (tcp) => {
      const socket = handshake({ ...request, socket: tcp } as https.RequestOptions) as tls.TLSSocket;
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

function connectBy(
  agent: http.Agent,
  connect: (options: ConnectOptions, connected: Connected) => void,
): void {
  agent.getName = nameOf;
  agent.createConnection = (options: ConnectOptions, callback) => {
    connect(options, (error, socket) => {
      if (error) forgetEmpty(agent, nameOf(options));
      else if (socket) guardAnswers(socket);
      callback?.(error, socket as Duplex);
    });
    return null;
  };
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

/** Opens a TCP connection. `done` is called with the socket; `connected` is called with an error. */
function openTcp(
  parts: AgentParts,
  options: ConnectOptions,
  connected: Connected,
  done: (socket: Socket) => void,
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
  const stop = connectTcp(target, parts.guard, parts.names, {
    lookup: () => connecting?.enter('dns'),
    connect: () => connecting?.enter('connect'),
    done: (socket) => end(() => done(socket)),
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
