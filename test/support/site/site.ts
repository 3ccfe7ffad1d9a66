// A web site for tests and measurements, in a process of its own. It is also a program: node
// test/support/site/site.ts --pages 10000 --port 0 prints {"url": …, "pid": …} as its first line and serves
// until SIGTERM or SIGINT.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Behaviour, type Behaviours, rulesOf } from './behaviours.ts';
import { type LogEntry, listen } from './server.ts';

export type { Behaviour, Behaviours } from './behaviours.ts';
export type { LogEntry } from './server.ts';

export interface SiteOptions {
  /** The number of pages, /p/0 to /p/(pages - 1), in addition to the root /. */
  pages: number;
  /** The number of links on each page, see pages.ts. Default: 20. */
  linksPerPage?: number;
  /** The length of each page. Default: 10,000. */
  bytes?: number;
  /** The time before every answer. Default: 0. */
  latencyMs?: number;
  /**
   * The number of addresses that serve the same site at the same port: from 127.0.0.1 upward, 254 of each
   * 127.0.x. Links stay on their host. Default: 1.
   */
  hosts?: number;
  /** The text of robots.txt. Without it, robots.txt is a 404. */
  robots?: string;
  behaviours?: Behaviours;
  /** Default: a free port. */
  port?: number;
  /** The file for the log, one JSON line for each request. */
  logFile?: string;
  /** False: keep no log in memory. For very many requests. */
  keepLog?: boolean;
  /**
   * For precise times in the log: the site gets a higher priority, if the user may set it, and notes
   * `lateMs`.
   */
  punctual?: boolean;
}

export interface Site {
  /** http://127.0.0.1:port, without a slash at the end. */
  readonly url: string;
  /** The URL of each of the `hosts`. */
  readonly urls: readonly string[];
  readonly port: number;
  readonly pid: number;
  /** All requests that have ended so far. */
  log(): Promise<LogEntry[]>;
  /** The number of requests that have ended so far. Unlike `log`, it does not delay the server. */
  ended(): Promise<number>;
  clearLog(): Promise<void>;
  /** Sets the behaviour of a path or prefix (see behaviours.ts) from now on; null for the usual pages. */
  behave(path: string, behaviour: Behaviour | null): Promise<void>;
  stop(): Promise<void>;
}

type Order =
  | { log: true }
  | { ended: true }
  | { clear: true }
  | { behave: string; behaviour: Behaviour | null };

/**
 * Starts the site and waits until it listens. It ends with stop() or with this process. Throws if it cannot
 * listen.
 */
export async function startSite(options: SiteOptions): Promise<Site> {
  const child = fork(fileURLToPath(import.meta.url), [], {
    env: { ...process.env, SITE_OPTIONS: JSON.stringify(options) },
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const [first] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (typeof first?.port !== 'number') throw new Error('the test site did not start; see its error above');
  child.unref();
  child.channel?.unref();
  if (options.punctual) goFirst(child);

  let last: Promise<unknown> = Promise.resolve();
  const ask = <T>(order: Order): Promise<T> => {
    const answered = last.then(() => askOnce<T>(child, order));
    last = answered.catch(() => undefined);
    return answered;
  };
  return {
    urls: urlsOf(options, first.port),
    url: urlsOf(options, first.port)[0] ?? '',
    port: first.port,
    pid: child.pid ?? 0,
    log: () => ask({ log: true }),
    ended: () => ask({ ended: true }),
    clearLog: () => ask({ clear: true }),
    behave: (path, behaviour) => ask({ behave: path, behaviour }),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.ref();
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** Gives the site the highest priority. Only the superuser may do that; for others nothing changes. */
function goFirst({ pid = 0 }: ChildProcess): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_HIGHEST);
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes((error as { info?: { code?: string } }).info?.code ?? '')) throw error;
  }
}

/**
 * Sends an order to the site and waits for the answer. Only one order at a time: the next message is its
 * answer.
 */
async function askOnce<T>(child: ChildProcess, order: Order): Promise<T> {
  if (!child.connected) throw new Error('the test site has ended');
  child.channel?.ref();
  child.send(order);
  const over = new AbortController();
  const { signal } = over;
  const [answer] = await Promise.race([
    once(child, 'message', { signal }),
    once(child, 'disconnect', { signal }).then(() => [undefined]),
  ]);
  over.abort();
  child.channel?.unref();
  if (answer === undefined) throw new Error('the test site has ended');
  return answer.done as T;
}

function urlsOf({ hosts = 1 }: SiteOptions, port: number): string[] {
  return addressesOf(hosts).map((address) => `http://${address}:${port}`);
}

function addressesOf(hosts: number): string[] {
  return Array.from({ length: hosts }, (_, host) => `127.0.${Math.floor(host / 254)}.${(host % 254) + 1}`);
}

/** What the child process does: it serves, keeps the log and obeys orders. */
async function serve(options: SiteOptions): Promise<number> {
  const rules = rulesOf(options.behaviours ?? {});
  let log: LogEntry[] = [];
  let ended = 0;
  let unwritten = '';
  const write = () => {
    if (options.logFile && unwritten) appendFileSync(options.logFile, unwritten);
    unwritten = '';
  };
  const onRequest = (entry: LogEntry) => {
    ended++;
    if (options.keepLog !== false) log.push(entry);
    if (!options.logFile) return;
    if (!unwritten) setTimeout(write, 20);
    unwritten += `${JSON.stringify(entry)}\n`;
  };
  const {
    pages,
    linksPerPage = 20,
    bytes = 10_000,
    latencyMs = 0,
    robots = null,
    punctual = false,
  } = options;
  const settings = { pages, linksPerPage, bytes, latencyMs, robots, rules, punctual };
  const port = await listen(settings, addressesOf(options.hosts ?? 1), options.port ?? 0, onRequest);

  process.on('message', (order: Order) => {
    if ('clear' in order) [log, ended] = [[], 0];
    if ('behave' in order) rules.set(order.behave, order.behaviour);
    write();
    process.send?.({ done: 'log' in order ? log : 'ended' in order ? ended : undefined });
  });
  for (const signal of ['SIGTERM', 'SIGINT', 'disconnect'] as const) {
    process.on(signal, () => {
      write();
      process.exit(0);
    });
  }
  return port;
}

function commandLine(): SiteOptions {
  const number = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      ...{ pages: number, links: number, bytes: number, latency: number, hosts: number, port: number },
      ...{ robots: { type: 'string' }, log: { type: 'string' }, behaviours: { type: 'string' } },
    },
  });
  return {
    pages: Number(values.pages ?? 10_000),
    linksPerPage: Number(values.links ?? 20),
    bytes: Number(values.bytes ?? 10_000),
    latencyMs: Number(values.latency ?? 0),
    hosts: Number(values.hosts ?? 1),
    port: Number(values.port ?? 0),
    behaviours: JSON.parse(values.behaviours ?? '{}'),
    ...(values.robots === undefined ? {} : { robots: values.robots }),
    ...(values.log === undefined ? {} : { logFile: values.log }),
    keepLog: false,
  };
}

if (import.meta.main) {
  if (process.send) {
    process.send({ port: await serve(JSON.parse(process.env.SITE_OPTIONS ?? '{}')) });
  } else {
    const options = commandLine();
    console.log(JSON.stringify({ url: urlsOf(options, await serve(options))[0], pid: process.pid }));
  }
}
