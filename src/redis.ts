// Connects to Redis and checks it. This is the only file that imports ioredis. Passwords never get into
// messages or causes: addresses are shown as host and port, and only the message of an error is copied.
import * as ioredis from 'ioredis';
import { DroverError, type ErrorCode } from './errors.ts';

export type Redis = ioredis.Redis;

/** The address of a Redis: redis://user:password@host:port/db, rediss://… or unix:/path/to/redis.sock. */
export interface RedisAddress {
  readonly url: string;
}

/**
 * What a connection is used for. It decides how long a command waits while Redis cannot be reached. worker,
 * for the blocking reads of BullMQ: without limit. producer: about 2 s. script, for drover's own calls, which
 * are idempotent: without limit, and the call is sent again after a reconnect. Use single commands only:
 * ioredis gives up a pipeline that was partly answered.
 */
export type Role = 'worker' | 'producer' | 'script';

const firstConnectionMs = 3000;
const loadingMs = 60_000;
const lastErrors = new WeakMap<Redis, Error>();

const patience: Record<Role, Partial<ioredis.RedisOptions>> = {
  worker: { maxRetriesPerRequest: null },
  script: { maxRetriesPerRequest: null, autoResendUnfulfilledCommands: true, socketTimeout: 30_000 },
  producer: { maxRetriesPerRequest: 5, commandTimeout: 5000 },
};

/**
 * Begins to connect, and reconnects until quit() or closeRedis() closes the connection. Errors of the
 * connection are kept for checkRedis() and never thrown. Throws E_SETTING if the address is invalid.
 */
export function connectRedis(address: RedisAddress, role: Role, options: { name?: string } = {}): Redis {
  const name = ['drover', role, process.pid, options.name]
    .filter(Boolean)
    .join(':')
    .replace(/[^!-~]/g, '_');
  const settings: ioredis.RedisOptions = {
    connectionName: name,
    disableClientInfo: true,
    connectTimeout: firstConnectionMs - 500,
    disconnectTimeout: 200,
    retryStrategy: (times) => Math.min(50 * 2 ** (times - 1), 1000),
    // After a failover, the old primary answers READONLY. Reconnect, so that the name is looked up again.
    reconnectOnError: (error) => (/^READONLY/.test(error.message) ? (role === 'script' ? 2 : 1) : false),
    ...patience[role],
  };
  const redis = open(address.url, settings);
  redis.on('error', (error: Error & { command?: { args: unknown[] } }) => {
    if (error.command) error.command.args = [];
    lastErrors.set(redis, error);
  });
  redis.on('ready', () => {
    // If there is no database of this number, ioredis goes on with database 0: keep the error after 'ready'.
    if (!isFinal(lastErrors.get(redis))) lastErrors.delete(redis);
  });
  return redis;
}

/**
 * Closes the connection at once, whatever its state, and rejects the commands that wait. The disconnect() of
 * ioredis alone would never settle these commands if it is called between two attempts to reconnect.
 */
export function closeRedis(redis: Redis): void {
  redis.disconnect();
  if (redis.status !== 'reconnecting') return;
  const inner = redis as unknown as {
    setStatus(status: string): void;
    flushQueue(error: Error): void;
    prevCommandQueue?: { shift(): { command: { reject(error: Error): void } } | undefined };
  };
  const error = new Error('Connection is closed.');
  inner.setStatus('end');
  for (let item = inner.prevCommandQueue?.shift(); item; item = inner.prevCommandQueue?.shift()) {
    item.command.reject(error);
  }
  inner.flushQueue(error);
}

function open(url: string, settings: ioredis.RedisOptions): Redis {
  try {
    if (url.startsWith('unix:')) return new ioredis.Redis({ ...unixAddress(url), ...settings });
    const { protocol, pathname } = new URL(url);
    if (!/^rediss?:$/.test(protocol) || !/^\/?\d*$/.test(pathname)) throw new Error();
    return new ioredis.Redis(url, settings);
  } catch {
    // No cause: the error for an invalid URL contains the URL, and so the password.
    throw new DroverError(
      'E_SETTING',
      'The address of Redis must be redis://user:password@host:port/db, rediss://… or unix:/path.',
    );
  }
}

function unixAddress(url: string): ioredis.RedisOptions {
  const { pathname, username, password } = new URL(url);
  return {
    path: decodeURIComponent(pathname),
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
}

/** What a Redis says about itself. Null if it does not say: a managed Redis may forbid INFO and CONFIG. */
export interface RedisFacts {
  /** 'Redis 7.0.15' or 'Valkey 8.0.1'. */
  readonly server: string | null;
  /** The Redis version that it is compatible with. */
  readonly version: string | null;
  /** When the append-only file is synced (no: by the kernel). rdb: only snapshots. none: nothing on disk. */
  readonly persistence: 'always' | 'everysec' | 'no' | 'rdb' | 'none' | null;
  readonly policy: string | null;
  readonly usedBytes: number | null;
  /** The limit of memory; 0 for no limit. */
  readonly maxBytes: number | null;
  /** The memory of the machine that Redis runs on. */
  readonly systemBytes: number | null;
}

/**
 * Waits for the first connection and returns what Redis says about itself. Waits at most 3 s, and 60 s more
 * while Redis loads its data. Throws E_REDIS_DOWN, E_REDIS_AUTH, E_REDIS_VERSION, E_REDIS_READONLY,
 * E_REDIS_EVICTS or E_SETTING (no such database), and then closes the connection.
 */
export async function checkRedis(redis: Redis): Promise<RedisFacts> {
  try {
    await untilReady(redis);
    const info = await readInfo(redis);
    const facts = { ...factsOf(info), persistence: await persistenceOf(redis, info) };
    refuse(facts, info);
    return facts;
  } catch (error) {
    closeRedis(redis);
    throw redisFailure(error) ?? error;
  }
}

/** The memory in use and its limit (0 for no limit), in bytes. Null if this user may not ask. */
export async function readMemory(redis: Redis): Promise<Pick<RedisFacts, 'usedBytes' | 'maxBytes'>> {
  return factsOf(await readInfo(redis));
}

async function untilReady(redis: Redis): Promise<void> {
  const early = lastErrors.get(redis);
  if (early && isFinal(early)) throw named(redis, early);
  if (redis.status === 'ready') return;
  if (await readyWithin(redis, firstConnectionMs)) return;
  if (await isLoading(redis)) {
    if (await readyWithin(redis, loadingMs)) return;
    throw new DroverError('E_REDIS_DOWN', `${addressOf(redis)} has been loading its data for a minute.`);
  }
  throw named(redis, lastErrors.get(redis) ?? new Error('no answer within 3 s'));
}

/** Whether it is ready within `ms`. Rejects at once with an error that waiting does not repair. */
function readyWithin(redis: Redis, ms: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onReady = () => leave(() => resolve(true));
    const onEnd = () => leave(() => resolve(false));
    const onError = (error: Error) => isFinal(error) && leave(() => reject(named(redis, error)));
    const timer = setTimeout(onEnd, ms);
    redis.on('ready', onReady).on('end', onEnd).on('error', onError);
    function leave(then: () => void) {
      clearTimeout(timer);
      redis.off('ready', onReady).off('end', onEnd).off('error', onError);
      then();
    }
  });
}

async function isLoading(redis: Redis): Promise<boolean> {
  if (redis.status !== 'connect') return false;
  const silence = new Promise<string>((resolve) => setTimeout(resolve, 500, '').unref());
  return /^loading:1/m.test(await Promise.race([redis.info('persistence').catch(() => ''), silence]));
}

/** Whether waiting does not help: the name, the password, the certificate or the database is wrong. */
function isFinal(error: Error | undefined): boolean {
  if (!error) return false;
  const code = codeOf(error);
  return (
    /^(NOAUTH|WRONGPASS|NOPERM|ERR (invalid DB|DB index|AUTH))|invalid password/i.test(error.message) ||
    /^(ENOTFOUND|EPROTO|EACCES|CERT_|ERR_(SSL|TLS|INVALID)|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code)
  );
}

function named(redis: Redis, error: Error): DroverError {
  const where = addressOf(redis);
  if (/DB index/i.test(error.message)) {
    return new DroverError('E_SETTING', `${where} has no database ${redis.options.db}.`);
  }
  const known = redisFailure(error);
  const hint = redis.options.tls ? ' Does that port speak TLS? If not, use redis://.' : '';
  const code = known?.code ?? 'E_REDIS_DOWN';
  return new DroverError(code, `${where}: ${plain(error)}.${code === 'E_REDIS_DOWN' ? hint : ''}`, {
    cause: known?.cause,
  });
}

function addressOf(redis: Redis): string {
  const { path, host, port } = redis.options;
  return path ?? `${host ?? 'localhost'}:${port ?? 6379}`;
}

async function readInfo(redis: Redis): Promise<Map<string, string>> {
  const text = await redis.info().catch(unlessForbidden(''));
  return new Map(text.split('\r\n').map((line) => line.split(/:(.*)/s, 2) as [string, string]));
}

/** A handler for catch(): returns `value` if this user may not run the command or it does not exist. */
function unlessForbidden<T>(value: T): (error: Error) => T {
  return (error) => {
    if (/^(NOPERM|ERR unknown command)/i.test(error.message)) return value;
    throw error;
  };
}

function factsOf(info: Map<string, string>): Omit<RedisFacts, 'persistence'> {
  const version = info.get('redis_version') ?? null;
  const valkey = info.get('valkey_version');
  const bytes = (key: string) => (info.has(key) ? Number(info.get(key)) : null);
  return {
    server: valkey ? `Valkey ${valkey}` : version && `Redis ${version}`,
    version,
    policy: info.get('maxmemory_policy') ?? null,
    usedBytes: bytes('used_memory'),
    maxBytes: bytes('maxmemory'),
    systemBytes: bytes('total_system_memory'),
  };
}

async function persistenceOf(redis: Redis, info: Map<string, string>): Promise<RedisFacts['persistence']> {
  const enabled = info.get('aof_enabled');
  if (enabled === undefined) return null;
  const reply = (await redis
    .config('GET', enabled === '1' ? 'appendfsync' : 'save')
    .catch(unlessForbidden([]))) as string[];
  const value = reply[1];
  if (value === undefined) return null;
  return enabled === '1' ? (value as 'always' | 'everysec' | 'no') : value === '' ? 'none' : 'rdb';
}

function refuse(facts: RedisFacts, info: Map<string, string>): void {
  const [major = 0, minor = 0] = (facts.version ?? '').split('.').map(Number);
  if (facts.version && (major < 6 || (major === 6 && minor < 2))) {
    throw new DroverError('E_REDIS_VERSION', `It is ${facts.version}.`);
  }
  if (info.get('role') === 'slave' && info.get('slave_read_only') !== '0') {
    throw new DroverError('E_REDIS_READONLY');
  }
  if (facts.policy !== null && facts.policy !== 'noeviction') {
    throw new DroverError('E_REDIS_EVICTS', `Its maxmemory-policy is ${facts.policy}.`);
  }
}

const replies: readonly [RegExp, ErrorCode][] = [
  [/^OOM /, 'E_REDIS_MEMORY'],
  [/^READONLY |-READONLY /, 'E_REDIS_READONLY'],
  [/^(NOAUTH|WRONGPASS|NOPERM)|invalid password|without any password configured/i, 'E_REDIS_AUTH'],
  [/^MISCONF |No space left on device|ENOSPC/i, 'E_DISK_FULL'],
  [/^(LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|NOREPLICAS|TRYAGAIN) /, 'E_REDIS_DOWN'],
  [/max retries per request|Connection is closed|Command (timed out|aborted)|Socket timeout/, 'E_REDIS_DOWN'],
  [/Stream isn't writeable|max number of clients|Client network socket disconnected/, 'E_REDIS_DOWN'],
];

const networkCodes =
  /^(ECONN|ENOENT$|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|EHOST|ENET|EPROTO|EACCES|EADDRNOTAVAIL|CERT_|ERR_(SSL|TLS)|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/;

/**
 * The DroverError for an error of a Redis connection or command. Null for other errors, such as a mistake in
 * a script. Do not use it for errors of files or fetches, which have codes such as ENOENT too.
 */
export function redisFailure(error: unknown): DroverError | null {
  if (error instanceof DroverError) return error;
  if (!(error instanceof Error)) return null;
  const reply = replies.find(([pattern]) => pattern.test(error.message));
  const code = reply?.[1] ?? (networkCodes.test(codeOf(error)) ? 'E_REDIS_DOWN' : null);
  if (code === null) return null;
  const cause = Object.assign(new Error(plain(error)), { code: codeOf(error) });
  return new DroverError(code, `Redis: ${plain(error)}.`, { cause });
}

function codeOf(error: Error): string {
  return String((error as NodeJS.ErrnoException).code ?? '');
}

/** The message on one line. Redis repeats the arguments of an unknown command; they are removed. */
function plain(error: Error): string {
  const inner = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : undefined;
  const text = error.message || inner?.message || codeOf(error) || error.name;
  return text
    .replace(/, with args beginning with.*/s, '')
    .replace(/\s+/g, ' ')
    .replace(/\.+$/, '')
    .trim();
}
