// Reads the address of a Redis, as it stands in REDIS_URL. What it cannot honour, it refuses by name. No
// message repeats the address, because it may hold a password.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { DroverError } from '../errors.ts';

/** A server of a list: a Sentinel, or a node of a Cluster. */
export interface RedisServer {
  readonly host: string;
  readonly port: number;
}

/** Where a Redis is and who asks, by the names of ioredis' options. */
export interface RedisPlace {
  readonly path?: string;
  readonly host?: string;
  readonly port?: number;
  readonly db?: number;
  readonly username?: string;
  readonly password?: string;
  readonly family?: 4 | 6;
  readonly tls?: { ca?: Buffer; cert?: Buffer; key?: Buffer; servername?: string };
  /** Who is asked for the primary. Without it, host and port or path are its address. */
  readonly through?: Guide;
}

/** Servers that say which one is the primary. One that answers is enough. */
export type Guide =
  | {
      readonly kind: 'sentinel';
      readonly servers: readonly RedisServer[];
      /** The name by which the Sentinels know the primary. */
      readonly name: string;
      readonly username?: string;
      readonly password?: string;
    }
  | { readonly kind: 'cluster'; readonly servers: readonly RedisServer[] };

const FORM =
  'It must be redis://user:password@host:port/db, rediss://… (with TLS), unix:/path/to/redis.sock?db=0, ' +
  'redis+sentinel://host:26379,host/PRIMARY or redis+cluster://host:port,host:port.';

/** Options behind the question mark. Those of files are for TLS alone, and hold the path of a PEM file. */
const OPTIONS = [
  ...['db', 'username', 'password', 'family', 'cacert', 'cert', 'key', 'servername'],
  ...['sentinelusername', 'sentinelpassword'],
] as const;
type Option = 'db' | 'family' | TlsOption | LoginOption;
type TlsOption = (typeof TLS_OPTIONS)[number];
type LoginOption = 'username' | 'password' | `sentinel${'username' | 'password'}`;
const TLS_OPTIONS = ['cacert', 'cert', 'key', 'servername'] as const;

/**
 * `redis:` and `valkey:` mean TCP, `rediss:` and `valkeys:` TCP with TLS; `+sentinel` and `+cluster` behind
 * them mean a list of servers. First the strict form of a URL is tried. Else everything before the last `@`
 * is user and password, so these may hold `#`, `%`, `/`, `?` and `@` as they are.
 */
const SERVER = String.raw`(?:\[[^\]]*\]|[^@/?#:[\],]*)(?::\d+)?`;
const PLACE = String.raw`(${SERVER}(?:,${SERVER})*)(\/[^?#]*)?(?:\?([^#]*))?$`;
const STRICT = new RegExp(`^(?:([^@/?#]*)@)?${PLACE}`, 's');
const LOOSE = new RegExp(`^(?:(.*)@)${PLACE}`, 's');
const SCHEME = /^(redis|valkey)(s?)(?:\+(sentinel|cluster))?$/;

/**
 * Throws E_SETTING with what is wrong: the form, the scheme, the port, the database, an option that is
 * unknown, given twice or of no use here, a file that cannot be read.
 */
export function parseRedisAddress(url: string): RedisPlace {
  const [, scheme = '', rest = ''] = /^([a-z]+(?:\+[a-z]+)?):(.*)$/is.exec(url.trim()) ?? [];
  const kind = scheme.toLowerCase();
  if (kind === 'unix') return socketPlace(rest);
  const [, , tls, many] = SCHEME.exec(kind) ?? [null];
  if (many === undefined && !SCHEME.test(kind)) throw wrong(FORM);
  if (!rest.startsWith('//')) throw wrong(FORM);
  const found = STRICT.exec(rest.slice(2)) ?? LOOSE.exec(rest.slice(2));
  if (!found) throw wrong(FORM);
  const [, login, list = '', path = '', query] = found;
  const options = optionsOf(query);
  if (!tls) refuseTls(options, 'They need rediss://.');
  if (many !== 'sentinel') refuseSentinel(options);
  const servers = list.split(',').map((text) => serverOf(text, many === 'sentinel' ? 26_379 : 6379));
  const inner = path.replace(/^\/|\/$/g, '');
  const common = { ...loginOf(login, options), ...familyOf(options.get('family')) };
  if (many === 'sentinel')
    return { ...sentinelPlace(servers, inner, options), ...common, ...(tls ? { tls: tlsOf(options) } : {}) };
  if (many === 'cluster') {
    if (databaseOf(options.get('db'), inner).db) throw wrong('A Cluster has only database 0.');
    return { through: { kind: 'cluster', servers }, ...common, ...(tls ? { tls: tlsOf(options) } : {}) };
  }
  const [server] = servers;
  if (!server || servers.length > 1)
    throw wrong(
      'It names several servers: for Sentinels write redis+sentinel://, for a Cluster redis+cluster://.',
    );
  return {
    ...server,
    ...databaseOf(options.get('db'), inner),
    ...common,
    ...(tls ? { tls: tlsOf(options, server.host) } : {}),
  };
}

/** `PRIMARY` or `PRIMARY/db` behind the Sentinels. */
function sentinelPlace(
  servers: readonly RedisServer[],
  path: string,
  options: Map<Option, string>,
): RedisPlace {
  const [name = '', db = ''] = path.split(/\/(.*)/s, 2).map(decoded);
  if (name === '')
    throw wrong(
      'Behind the Sentinels, it must name the primary that they watch: redis+sentinel://a,b,c/mymaster.',
    );
  const username = options.get('sentinelusername');
  const password = options.get('sentinelpassword');
  const login = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
  return { through: { kind: 'sentinel', servers, name, ...login }, ...databaseOf(options.get('db'), db) };
}

/** `unix:/path`, `unix:///path` and `unix://user:password@localhost/path`. */
function socketPlace(rest: string): RedisPlace {
  const found = /^(?:\/\/(?:([^/?#]*)@)?[^@/?#]*)?(\/[^?#]*)(?:\?([^#]*))?$/s.exec(rest);
  const [, login, path = '', query] = found ?? [];
  if (!found || path === '/') {
    throw wrong(`${FORM} In the path, write %3F for a question mark and %23 for a number sign.`);
  }
  const options = optionsOf(query);
  refuseTls(options, 'A socket of this machine speaks no TLS.');
  refuseSentinel(options);
  if (options.has('family')) throw wrong('Its option family is for hosts, not for a socket.');
  return { path: decoded(path), ...databaseOf(options.get('db'), ''), ...loginOf(login, options) };
}

function wrong(detail: string): DroverError {
  return new DroverError('E_SETTING', `The address of Redis (REDIS_URL) is wrong. ${detail}`);
}

function optionsOf(query: string | undefined): Map<Option, string> {
  const options = new Map<Option, string>();
  for (const part of (query ?? '').split('&').filter(Boolean)) {
    const [name = '', value = ''] = part.split(/=(.*)/s, 2).map(decoded);
    if (!OPTIONS.some((option) => option === name)) {
      const shown = /^[\w.-]{1,40}$/.test(name) ? name : 'of that name';
      throw wrong(`It has no option ${shown}; there are ${OPTIONS.join(', ')}.`);
    }
    if (options.has(name as Option)) throw wrong(`Its option ${name} is given twice.`);
    options.set(name as Option, value);
  }
  return options;
}

function refuseTls(options: Map<Option, string>, why: string): void {
  const given = TLS_OPTIONS.filter((name) => options.has(name));
  if (given.length > 0) throw wrong(`Its options ${given.join(', ')} are for TLS. ${why}`);
}

function refuseSentinel(options: Map<Option, string>): void {
  if (options.has('sentinelusername') || options.has('sentinelpassword'))
    throw wrong('Its options sentinelusername and sentinelpassword are for redis+sentinel://.');
}

/**
 * Percent escapes are decoded. A percent sign that begins none stands for itself, and so does every text
 * whose escapes are no UTF-8.
 */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    return text;
  }
}

function serverOf(text: string, usual: number): RedisServer {
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/s.exec(text) ?? [];
  return { host: hostOf(host), port: portOf(port, usual) };
}

function hostOf(text: string): string {
  const inner = /^\[(.*)\]$/.exec(text)?.[1];
  if (inner !== undefined && isIP(inner) !== 6) throw wrong('In brackets there must be an IPv6 address.');
  return inner ?? (text === '' ? 'localhost' : decoded(text));
}

function portOf(text: string | undefined, usual: number): number {
  const port = Number(text ?? usual);
  if (port < 1 || port > 65_535) throw wrong('Its port must be a number from 1 to 65535.');
  return port;
}

function databaseOf(option: string | undefined, path: string): { db?: number } {
  if (option !== undefined && path !== '') throw wrong('It names the database twice: in the path and as db.');
  const text = option ?? path;
  if (option === undefined && path === '') return {};
  if (!/^\d{1,9}$/.test(text)) throw wrong('Its database must be a number, such as redis://host:6379/3.');
  return { db: Number(text) };
}

function loginOf(
  login: string | undefined,
  options: Map<Option, string>,
): Pick<RedisPlace, 'username' | 'password'> {
  const [name = '', word] = (login ?? '').split(/:(.*)/s, 2).map(decoded);
  const given = { username: options.get('username'), password: options.get('password') };
  for (const [option, other] of [
    ['username', name || undefined],
    ['password', word],
  ] as const) {
    if (given[option] !== undefined && other !== undefined)
      throw wrong(`It names the ${option} twice: before the host and as an option.`);
  }
  const username = given.username ?? name;
  const password = given.password ?? word;
  return { ...(username ? { username } : {}), ...(password === undefined ? {} : { password }) };
}

function familyOf(text: string | undefined): { family?: 4 | 6 } {
  if (text === undefined || text === '0') return {};
  if (text !== '4' && text !== '6') throw wrong('Its option family must be 4 or 6.');
  return { family: text === '4' ? 4 : 6 };
}

/** `host`: the only server. Of a list, each is checked by the name under which it is connected to. */
function tlsOf(options: Map<Option, string>, host = ''): RedisPlace['tls'] {
  if (options.has('cert') !== options.has('key'))
    throw wrong('For a client certificate, give both cert and key.');
  const ca = fileOf('cacert', options);
  const cert = fileOf('cert', options);
  const key = fileOf('key', options);
  const servername = options.get('servername') ?? (isIP(host) === 0 ? host : '');
  return {
    ...(ca ? { ca } : {}),
    ...(cert && key ? { cert, key } : {}),
    ...(servername ? { servername } : {}),
  };
}

function fileOf(option: 'cacert' | 'cert' | 'key', options: Map<Option, string>): Buffer | null {
  const path = options.get(option);
  if (path === undefined) return null;
  try {
    return readFileSync(path);
  } catch (cause) {
    throw wrong(`The file of its option ${option}: ${(cause as Error).message}.`);
  }
}
