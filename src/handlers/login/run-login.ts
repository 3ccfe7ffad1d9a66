// Runs the login of a session: the user's file, or a form that is filled from the settings. What it fetches
// goes the way of all fetches of handlers, and its cookies into the jar of the session.
import { readFile, stat } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { resolveOwnName } from '../../config/own-name.ts';
import { environmentVariable } from '../../config/read.ts';
import type { CrawlSettings } from '../../config/settings.ts';
import { DroverError, isFailure } from '../../errors.ts';
import type { UrlRules } from '../../url/normalize.ts';
import { PageFetches } from '../fetch/page-fetches.ts';
import type { FetchForPage, FetchInit } from '../fetch/wanted.ts';
import { whyNotLoaded } from '../load-failures.ts';
import { describeError } from '../user-code.ts';
import type { LoginArguments, LoginFunction } from './define-login.ts';
import { fillForm } from './form.ts';

interface LoginRun {
  settings: Pick<CrawlSettings, 'login' | 'loginUrl' | 'loginForm'>;
  urlRules: UrlRules;
  /** The name of the session; '' if the crawl has no others. */
  session: string;
  fetchForPage: FetchForPage;
  pageUrl: string;
  signal: AbortSignal;
  timeoutMs: number;
}

const MOST_SECRET_BYTES = 64 * 1024;
const MOST_TEXT = 400;

/** Null when it has ended well; otherwise why it has not, without the secrets that it used. */
export async function runLogin(run: LoginRun): Promise<string | null> {
  const secrets = new Secrets();
  const limit = AbortSignal.any([run.signal, AbortSignal.timeout(run.timeoutMs)]);
  const fetches = new PageFetches({
    ...{ handler: 'login', page: { url: run.pageUrl }, urlRules: run.urlRules },
    ...{ fetchForPage: run.fetchForPage, deadlineAt: performance.now() + run.timeoutMs },
  });
  const fetch = (url: string | URL, init?: FetchInit) => fetches.add(url, init);
  const over = Promise.withResolvers<never>();
  over.promise.catch(() => undefined);
  const onOver = () => over.reject(limit.reason);
  limit.addEventListener('abort', onOver, { once: true });
  try {
    await Promise.race([logInWith(run, fetch, limit, secrets), over.promise]);
    return null;
  } catch (error) {
    if (run.signal.aborted) return 'The consumer that logged in has lost the login.';
    if (limit.aborted) return `It took longer than ${run.timeoutMs / 1000} s.`;
    return secrets.without(isFailure(error) ? error.message : describeError(error)).slice(0, MOST_TEXT);
  } finally {
    limit.removeEventListener('abort', onOver);
    fetches.close(new Error('the login has ended'));
  }
}

async function logInWith(
  { settings, session }: LoginRun,
  fetch: LoginArguments['fetch'],
  signal: AbortSignal,
  secrets: Secrets,
): Promise<void> {
  if (settings.login !== null) {
    const login = await loadLogin(settings.login);
    await login({ fetch, session: { name: session || null }, env: secrets.env, signal });
    return;
  }
  const fields = new Map<string, string>();
  for (const field of settings.loginForm) {
    const at = field.indexOf('=');
    fields.set(field.slice(0, at), await secrets.read(field.slice(at + 1)));
  }
  await fillForm(fetch, settings.loginUrl ?? '', fields);
}

/**
 * Before a crawl begins that is logged in here. Throws E_FILE for a file that is missing, and E_SETTING for
 * one that cannot be used and for a variable that is not set.
 */
export async function requireLogin({ login, loginForm }: LoginRun['settings']): Promise<void> {
  const wrong = (what: string, error: unknown) => {
    const { message: why, code } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT';
    const said = (isMissing ? 'there is no such file' : why).replace(/\.$/, '');
    return new DroverError(isMissing ? 'E_FILE' : 'E_SETTING', `${what}: ${said}.`, { cause: error });
  };
  if (login !== null) {
    if (!(await stat(login).catch(() => null))?.isFile())
      throw wrong(`--login ${login}`, Object.assign(new Error(), { code: 'ENOENT' }));
    await loadLogin(login).catch((error) => {
      throw wrong('--login', error);
    });
  }
  const secrets = new Secrets();
  for (const field of loginForm) {
    const at = field.indexOf('=');
    const [name, from] = [field.slice(0, at), field.slice(at + 1)];
    await secrets.read(from).catch((error) => {
      throw wrong(`--login-form ${name}${from.startsWith('text:') ? '' : `=${from}`}`, error);
    });
  }
}

/** The function of a login file. Rejects with an Error that says what is wrong with the file. */
export async function loadLogin(path: string): Promise<LoginFunction> {
  resolveOwnName();
  if (!(await stat(path).catch(() => null))) throw new Error(`there is no file ${path} on this machine`);
  let loaded: { default?: unknown };
  try {
    loaded = await import(pathToFileURL(path).href);
  } catch (error) {
    throw new Error(whyNotLoaded(error, path), { cause: error });
  }
  if (typeof loaded.default !== 'function')
    throw new Error(
      `${path}: it has no default function; write export default async ({ fetch, env }) => { … }`,
    );
  return loaded.default as LoginFunction;
}

/** The secrets of one login. They come from the environment or a file, and stay out of messages. */
class Secrets {
  readonly #used = new Set<string>();
  readonly env: Readonly<Record<string, string>> = new Proxy<Record<string, string>>(
    {},
    { get: (_, name) => (typeof name === 'string' ? this.#variable(name) : undefined) },
  );

  /** `env:NAME`, `file:PATH`, or `text:` and a value that is no secret. */
  async read(from: string): Promise<string> {
    const [, kind, rest = ''] = /^(\w+):(.*)$/s.exec(from) ?? [];
    if (kind === 'text') return rest;
    if (kind === 'env') return this.#variable(rest);
    const { size } = await stat(rest);
    if (size > MOST_SECRET_BYTES) throw new Error(`${rest} is longer than ${MOST_SECRET_BYTES} bytes`);
    return this.#noted((await readFile(rest, 'utf8')).replace(/\r?\n$/, ''));
  }

  without(text: string): string {
    let clean = text;
    for (const secret of this.#used)
      for (const form of [secret, encodeURIComponent(secret)]) clean = clean.replaceAll(form, '[redacted]');
    return clean;
  }

  #variable(name: string): string {
    const value = environmentVariable(name);
    if (value === undefined) throw new Error(`the environment of this consumer has no variable ${name}`);
    return this.#noted(value);
  }

  #noted(secret: string): string {
    if (secret.length > 2) this.#used.add(secret);
    return secret;
  }
}
