// Finds the primary behind Sentinels or in a Cluster, and notices when it is another one. All keys of a
// namespace lie in one slot of a Cluster, so a connection to the node that has it is enough. Each connection
// of ioredis asks here for each of its sockets.
import { createConnection, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Guide, RedisPlace, RedisServer } from './address.ts';
import {
  askSentinel,
  type GuideAnswer,
  type GuideLine,
  isSameServer,
  newestPrimary,
  serverOf,
} from './sentinels.ts';

export type OpenLine = (place: RedisPlace) => GuideLine;

/** How often a process asks whether the primary is still the same. */
const LOOK_MS = 500;
const LONGEST_WAIT_MS = 1000;
/** How much longer the slowest Sentinel may take than the first one that answers. */
const SLOWEST_MS = 100;
/** How long a socket that is given up may take to send what it holds. */
const END_MS = 200;

/**
 * The class by which ioredis connects to the primary of an address; null for an address that is its own. A
 * primary is looked for until it is found, or the connection is closed.
 */
export function connectorTo(place: RedisPlace, namespace: string, openLine: OpenLine): unknown {
  if (!place.through) return null;
  const guide = guideOf(place, place.through, namespace, openLine);
  return class {
    readonly connector = new PrimaryConnector(place, guide);
    get firstError() {
      return this.connector.firstError;
    }
    connect = (emit: (type: string, error: Error) => void) => this.connector.connect(emit);
    disconnect = () => this.connector.disconnect();
    /** What INFO says of a server that has been connected to. A guide may name one that is a replica now. */
    check = (info: { role?: string }) => info.role === undefined || info.role === 'master';
  };
}

class PrimaryConnector {
  firstError: Error | undefined;
  #stream: Socket | undefined;
  /** Ends the search that is under way. */
  #giveUp: (() => void) | undefined;
  #leave: () => void = () => undefined;
  readonly #place: RedisPlace;
  readonly #guides: Guides;

  constructor(place: RedisPlace, guides: Guides) {
    this.#place = place;
    this.#guides = guides;
  }

  async connect(emit: (type: string, error: Error) => void): Promise<Socket> {
    let isClosed = false;
    const closed = new Promise<never>((_, reject) => {
      this.#giveUp = () => {
        isClosed = true;
        reject(new Error('Connection is closed.'));
      };
    });
    closed.catch(() => undefined); // it counts only while somebody waits for it
    for (let times = 0; ; times++) {
      try {
        return this.#open(await Promise.race([this.#guides.primary(), closed]));
      } catch (error) {
        if (isClosed) throw error;
        emit('error', error as Error);
      }
      const waitMs = Math.min(50 * 2 ** times, LONGEST_WAIT_MS);
      await Promise.race([new Promise((resolve) => setTimeout(resolve, waitMs)), closed]);
    }
  }

  #open({ host, port }: RedisServer): Socket {
    const { family, tls } = this.#place;
    const where = { host, port, ...(family ? { family } : {}) };
    const stream = tls ? connectTls({ ...where, ...tls }) : createConnection(where);
    this.firstError = undefined;
    stream.once('error', (error) => {
      this.firstError = error;
    });
    this.#leave();
    this.#leave = this.#guides.follow({ host, port }, () => this.disconnect());
    stream.once('close', this.#leave);
    this.#stream = stream;
    return stream;
  }

  disconnect(): void {
    this.#giveUp?.();
    const stream = this.#stream;
    if (!stream || stream.destroyed) return;
    const timer = setTimeout(() => stream.destroy(), END_MS);
    stream.once('close', () => clearTimeout(timer));
    stream.end();
  }
}

/** Asks one guide. Throws what it answers, or why it cannot be reached. */
type Ask = (line: GuideLine, asked: RedisServer) => Promise<GuideAnswer>;

interface Follower {
  at: RedisServer;
  moved: () => void;
}

/**
 * Who is asked for one primary. The connections of a process share it, with one open line to the guide that
 * answered last.
 */
class Guides {
  #servers: RedisServer[];
  #line: { redis: GuideLine; server: RedisServer } | null = null;
  #asking: Promise<GuideAnswer> | null = null;
  #comparing: Promise<RedisServer> | null = null;
  #waiting = 0;
  #timer: NodeJS.Timeout | null = null;
  readonly #followers = new Set<Follower>();
  readonly #ask: Ask;
  readonly #open: (server: RedisServer) => GuideLine;

  constructor(servers: readonly RedisServer[], open: (server: RedisServer) => GuideLine, ask: Ask) {
    this.#servers = [...servers];
    this.#open = open;
    this.#ask = ask;
  }

  /** The process stays alive until it is known. */
  async primary(): Promise<RedisServer> {
    this.#waiting++;
    this.#hold();
    try {
      return await this.#newest();
    } finally {
      this.#waiting--;
      this.#hold();
    }
  }

  /** Calls `moved` once when the primary is no longer at `at`. Returns a function that ends this. */
  follow(at: RedisServer, moved: () => void): () => void {
    const follower = { at, moved };
    this.#followers.add(follower);
    this.#timer ??= setTimeout(() => void this.#look(), LOOK_MS).unref();
    return () => {
      this.#followers.delete(follower);
      if (this.#followers.size === 0 && this.#waiting === 0) this.#hangUp();
    };
  }

  async #look(): Promise<void> {
    const said = (await this.#find().catch(() => null))?.primary; // the connection itself tells what is wrong
    const isOther = said && [...this.#followers].some(({ at }) => !isSameServer(at, said));
    const primary = isOther ? await this.#newest().catch(() => null) : said;
    this.#timer = this.#followers.size > 0 ? setTimeout(() => void this.#look(), LOOK_MS).unref() : null;
    if (!primary) return;
    for (const follower of this.#followers) {
      if (isSameServer(follower.at, primary)) continue;
      this.#followers.delete(follower);
      follower.moved();
    }
  }

  /** By what all of them say, as far as they answer soon. Of nodes of a Cluster, one is enough. */
  #newest(): Promise<RedisServer> {
    this.#comparing ??= this.#compare().finally(() => {
      this.#comparing = null;
    });
    return this.#comparing;
  }

  async #compare(): Promise<RedisServer> {
    const answers = [await this.#find()];
    if (answers[0]?.epoch === undefined) return (answers[0] as GuideAnswer).primary;
    const others = this.#servers.filter((server) => server !== this.#line?.server);
    const asked = others.map(async (server) => {
      const line = this.#open(server);
      line.on('error', () => undefined);
      try {
        answers.push(await this.#ask(line, server));
      } catch {
        // It is away, or slow.
      } finally {
        line.disconnect();
      }
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, SLOWEST_MS);
    });
    await Promise.race([Promise.all(asked), late]);
    clearTimeout(timer);
    return newestPrimary(answers);
  }

  /** What one of them says. */
  #find(): Promise<GuideAnswer> {
    this.#asking ??= this.#askAll().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  /** Asks one after the other, first the one that answered last. */
  async #askAll(): Promise<GuideAnswer> {
    let last: unknown;
    for (const server of [...this.#servers]) {
      const { redis } = this.#lineTo(server);
      try {
        const answer = await this.#ask(redis, server);
        for (const other of answer.others)
          if (!this.#servers.some((known) => isSameServer(known, other))) this.#servers.push(other);
        return answer;
      } catch (error) {
        // That a guide cannot be reached says more than that its line was closed.
        last = lastErrors.get(redis) ?? error;
        this.#hangUp();
        this.#servers = [...this.#servers.filter((known) => known !== server), server];
      }
    }
    throw last;
  }

  #lineTo(server: RedisServer): { redis: GuideLine } {
    if (this.#line?.server === server && this.#line.redis.status !== 'end') return this.#line;
    this.#hangUp();
    const redis = this.#open(server);
    redis.on('error', (error) => lastErrors.set(redis, error));
    redis.on('connect', () => this.#hold());
    this.#line = { redis, server };
    this.#hold();
    return this.#line;
  }

  #hangUp(): void {
    this.#line?.redis.disconnect();
    this.#line = null;
  }

  /** An open line alone keeps no process alive. */
  #hold(): void {
    const { stream } = (this.#line?.redis ?? {}) as { stream?: Socket };
    if (this.#waiting > 0) stream?.ref();
    else stream?.unref();
  }
}

const lastErrors = new WeakMap<GuideLine, Error>();

const guides = new Map<string, Guides>();

/** The guides of an address, shared by all its connections; in a Cluster, by those of one namespace. */
function guideOf(place: RedisPlace, through: Guide, namespace: string, openLine: OpenLine): Guides {
  const { kind, servers } = through;
  const id = JSON.stringify([place, kind === 'cluster' ? namespace : '']);
  let known = guides.get(id);
  if (!known) {
    const { family, tls } = place;
    const { username, password } = kind === 'sentinel' ? through : place;
    const login = { ...(username ? { username } : {}), ...(password === undefined ? {} : { password }) };
    const common = { ...login, ...(family ? { family } : {}), ...(tls ? { tls } : {}) };
    const ask =
      kind === 'sentinel'
        ? (line: GuideLine) => askSentinel(line, through.name)
        : askNode(`${namespace}:format`);
    known = new Guides(servers, ({ host, port }) => openLine({ ...common, host, port }), ask);
    guides.set(id, known);
  }
  return known;
}

type SlotRange = [from: number, to: number, ...nodes: [host: string | null, port: number][]];

/** The node that has the slot of this key. */
function askNode(key: string): Ask {
  return async (line, asked) => {
    const [slot, ranges] = (await Promise.all([
      line.call('CLUSTER', 'KEYSLOT', key),
      line.call('CLUSTER', 'SLOTS'),
    ])) as [number, SlotRange[]];
    // A node that does not know its own address is where it was asked.
    const servers = (nodes: [string | null, number][]) =>
      nodes.map(([host, port]) => serverOf([host || asked.host, port]));
    const range = ranges.find(([from, to]) => from <= slot && slot <= to);
    const [primary] = servers((range?.slice(2) ?? []) as [string | null, number][]);
    if (!primary) throw new Error(`CLUSTERDOWN No node has the slot ${slot}, in which ${key} lies`);
    const others = ranges.flatMap(([, , ...nodes]) => servers(nodes));
    return { primary, others };
  };
}
