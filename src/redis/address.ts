// Reads the address of a Redis, as it stands in REDIS_URL. What it cannot honour, it refuses by name. No
// message repeats the address, because it may hold a password.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { DroverError } from '../errors.ts';

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
}

const FORM =
  'It must be redis://user:password@host:port/db, rediss://… (with TLS) or unix:/path/to/redis.sock?db=0.';

/** Options behind the question mark. Those of files are for TLS alone, and hold the path of a PEM file. */
const OPTIONS = ['db', 'username', 'password', 'family', 'cacert', 'cert', 'key'] as const;
type Option = (typeof OPTIONS)[number];

/**
 * `redis:` and `valkey:` mean TCP, `rediss:` and `valkeys:` TCP with TLS. First the strict form of a URL is
 * tried. Else everything before the last `@` is user and password, so these may hold `#`, `%`, `/`, `?` and
 * `@` as they are.
 */
const STRICT = /^(?:([^@/?#]*)@)?(\[[^\]]*\]|[^@/?#:[\]]*)(?::(\d+))?(\/[^?#]*)?(?:\?([^#]*))?$/s;
const LOOSE = /^(?:(.*)@)(\[[^\]]*\]|[^@/?#:[\]]*)(?::(\d+))?(\/[^?#]*)?(?:\?([^#]*))?$/s;

/**
 * Throws E_SETTING with what is wrong: the form, the scheme, the port, the database, an option that is
 * unknown, given twice or of no use here, a file that cannot be read.
 */
export function parseRedisAddress(url: string): RedisPlace {
  const [, scheme = '', rest = ''] = /^([a-z]+):(.*)$/is.exec(url.trim()) ?? [];
  const kind = scheme.toLowerCase();
  if (kind === 'unix') return socketPlace(rest);
  const isTls = kind === 'rediss' || kind === 'valkeys';
  if (!isTls && kind !== 'redis' && kind !== 'valkey') throw wrong(FORM);
  if (!rest.startsWith('//')) throw wrong(FORM);
  const found = STRICT.exec(rest.slice(2)) ?? LOOSE.exec(rest.slice(2));
  if (!found) throw wrong(FORM);
  const [, login, host = '', port, path = '', query] = found;
  const options = optionsOf(query);
  if (!isTls) refuseFiles(options, 'They need rediss://.');
  return {
    host: hostOf(host),
    port: portOf(port),
    ...databaseOf(options.get('db'), path.replace(/^\/|\/$/g, '')),
    ...loginOf(login, options),
    ...familyOf(options.get('family')),
    ...(isTls ? { tls: tlsOf(options, hostOf(host)) } : {}),
  };
}

/** `unix:/path`, `unix:///path` and `unix://user:password@localhost/path`. */
function socketPlace(rest: string): RedisPlace {
  const found = /^(?:\/\/(?:([^/?#]*)@)?[^@/?#]*)?(\/[^?#]*)(?:\?([^#]*))?$/s.exec(rest);
  const [, login, path = '', query] = found ?? [];
  if (!found || path === '/') {
    throw wrong(`${FORM} In the path, write %3F for a question mark and %23 for a number sign.`);
  }
  const options = optionsOf(query);
  refuseFiles(options, 'A socket of this machine speaks no TLS.');
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

function refuseFiles(options: Map<Option, string>, why: string): void {
  const given = (['cacert', 'cert', 'key'] as const).filter((name) => options.has(name));
  if (given.length > 0) throw wrong(`Its options ${given.join(', ')} are for TLS. ${why}`);
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

function hostOf(text: string): string {
  const inner = /^\[(.*)\]$/.exec(text)?.[1];
  if (inner !== undefined && isIP(inner) !== 6) throw wrong('In brackets there must be an IPv6 address.');
  return inner ?? (text === '' ? 'localhost' : decoded(text));
}

function portOf(text: string | undefined): number {
  const port = Number(text ?? 6379);
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

function tlsOf(options: Map<Option, string>, host: string): RedisPlace['tls'] {
  if (options.has('cert') !== options.has('key'))
    throw wrong('For a client certificate, give both cert and key.');
  const ca = fileOf('cacert', options);
  const cert = fileOf('cert', options);
  const key = fileOf('key', options);
  return {
    ...(ca ? { ca } : {}),
    ...(cert && key ? { cert, key } : {}),
    ...(isIP(host) === 0 ? { servername: host } : {}),
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
