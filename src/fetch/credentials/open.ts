// Reads the file of --credentials. No message holds anything of it but origins and the names of fields,
// variables and files.
import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { environmentValue } from '../../config/read.ts';
import { DroverError } from '../../errors.ts';
import { freshTokenBy, isToken } from './fresh-token.ts';
import { BearerKeeper, DigestKeeper, type Keeper, keepHeader, type OpenedCredentials } from './keepers.ts';

const MOST_BYTES = 1024 ** 2;
const types = ['basic', 'digest', 'bearer'] as const;
const fieldsOf = {
  basic: ['user', 'password', 'passwordEnv', 'passwordFile'],
  digest: ['user', 'password', 'passwordEnv', 'passwordFile'],
  bearer: ['token', 'tokenEnv', 'tokenFile', 'refresh'],
} as const;

type Entry = Readonly<Record<string, unknown>>;

/** Throws E_FILE and E_SETTING. */
export async function readCredentialsFile(path: string): Promise<OpenedCredentials> {
  const file = resolve(path);
  const entries = parse(await textOf(file, path), path);
  const byOrigin = new Map<string, Keeper>();
  const warnings: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const where = new Where(path, index, dirname(file));
    const origin = originIn(entry, where);
    if (byOrigin.has(origin)) throw where.wrong(`there is an entry for ${origin} before it`);
    byOrigin.set(origin, await keeperOf(entry, origin, where));
    if (entry.type !== 'digest' && isInClear(origin))
      warnings.push(`--credentials: what is sent to ${origin} can be read on the way; https would hide it`);
  }
  const isLiteral = entries.some(({ password, token }) => password !== undefined || token !== undefined);
  if (isLiteral && (await isOpenToOthers(file)))
    warnings.push(`--credentials: ${path} holds secrets, and other users of the machine may read it`);
  return { byOrigin, warnings };
}

/** One entry of the file, in messages. */
class Where {
  readonly #path: string;
  readonly #index: number;
  /** Paths in the file belong to it. */
  readonly directory: string;

  constructor(path: string, index: number, directory: string) {
    this.#path = path;
    this.#index = index;
    this.directory = directory;
  }

  wrong(why: string, code: 'E_SETTING' | 'E_FILE' = 'E_SETTING'): DroverError {
    return new DroverError(code, `--credentials ${this.#path}, entry ${this.#index + 1}: ${why}.`);
  }
}

function parse(text: string, path: string): Entry[] {
  let entries: unknown;
  try {
    entries = JSON.parse(text);
  } catch {
    throw new DroverError('E_SETTING', `--credentials ${path}: it is no JSON.`); // the parser's message quotes it
  }
  const list: unknown[] = Array.isArray(entries) ? entries : [];
  if (list.length === 0 || !list.every((entry) => typeof entry === 'object' && entry !== null))
    throw new DroverError(
      'E_SETTING',
      `--credentials ${path}: expected a list of entries such as {"origin": "https://example.com", "type": "basic", "user": "me", "passwordEnv": "MY_PASSWORD"}.`,
    );
  return list as Entry[];
}

function originIn({ origin }: Entry, where: Where): string {
  const url = typeof origin === 'string' ? URL.parse(origin) : null;
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
  if (!isPlain) throw where.wrong('expected an origin such as https://example.com, without path and user');
  return url.origin;
}

async function keeperOf(entry: Entry, origin: string, where: Where): Promise<Keeper> {
  const type = types.find((known) => known === entry.type);
  if (type === undefined) throw where.wrong(`expected a type: ${types.join(', ')}`);
  const known: readonly string[] = ['origin', 'type', ...fieldsOf[type]];
  const unknown = Object.keys(entry).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw where.wrong(`${type} has no field ${JSON.stringify(unknown)}; it has ${fieldsOf[type].join(', ')}`);
  if (type === 'bearer') return bearerOf(entry, origin, where);
  const user = entry.user;
  if (typeof user !== 'string' || user === '') throw where.wrong('expected a user');
  const password = await secretIn(entry, 'password', where);
  if (password === null) throw where.wrong('expected password, passwordEnv or passwordFile');
  if (type === 'digest') return new DigestKeeper({ user, password });
  if (user.includes(':')) throw where.wrong('a user of basic holds no colon');
  return keepHeader(`Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`);
}

async function bearerOf(entry: Entry, origin: string, where: Where): Promise<Keeper> {
  const token = await secretIn(entry, 'token', where);
  if (token !== null && !isToken(token)) throw where.wrong('a token holds visible ASCII characters alone');
  const { refresh } = entry;
  if (refresh === undefined) {
    if (token === null) throw where.wrong('expected token, tokenEnv, tokenFile or refresh');
    return keepHeader(`Bearer ${token}`);
  }
  if (typeof refresh !== 'string' || refresh === '')
    throw where.wrong('expected the file of a module in refresh');
  const path = resolve(where.directory, refresh);
  if (!(await stat(path).catch(() => null))?.isFile())
    throw where.wrong(`there is no file ${path}`, 'E_FILE');
  return new BearerKeeper(token, freshTokenBy(path, origin));
}

/** The secret itself, or what a variable or a file holds; null if none of the three is named. */
async function secretIn(entry: Entry, name: 'password' | 'token', where: Where): Promise<string | null> {
  const given = [name, `${name}Env`, `${name}File`].filter((field) => entry[field] !== undefined);
  const [field] = given;
  if (field === undefined) return null;
  if (given.length > 1) throw where.wrong(`expected one of ${given.join(' and ')}`);
  const value = entry[field];
  if (typeof value !== 'string') throw where.wrong(`expected a text in ${field}`);
  if (field === name) return value;
  if (field === `${name}Env`) {
    const found = environmentValue(value);
    if (found === undefined) throw where.wrong(`there is no variable ${value}`);
    return found;
  }
  const path = resolve(where.directory, value);
  const text = await textOf(path, path, (why) => where.wrong(`${path}: ${why}`, 'E_FILE'));
  return text.replace(/\r?\n$/, '');
}

async function textOf(
  file: string,
  named: string,
  wrong = (why: string) => new DroverError('E_FILE', `--credentials ${named}: ${why}.`),
): Promise<string> {
  const { size = 0 } = (await stat(file).catch(() => null)) ?? {};
  if (size > MOST_BYTES) throw wrong(`it has more than ${MOST_BYTES / 1024 ** 2} MiB`);
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw wrong(error.code === 'ENOENT' ? 'there is no such file' : (error.code ?? 'it cannot be read'));
  });
}

function isInClear(origin: string): boolean {
  return origin.startsWith('http:') && !/^http:\/\/(localhost|127\.|\[::1\])/.test(origin);
}

async function isOpenToOthers(file: string): Promise<boolean> {
  return process.platform !== 'win32' && ((await stat(file)).mode & 0o044) !== 0;
}
