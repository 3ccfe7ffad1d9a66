// What a handler is: the user's code for fetched pages, with the rules that choose its pages.
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Page } from 'playwright-core';
import { DroverError } from '../errors.ts';
import { MEDIA_RANGE_FORM, readMediaRange } from '../fetch/body/media-range.ts';
import type { RequestInput } from '../request.ts';
import { compileUrlPattern } from '../url/url-pattern.ts';
import type { FetchInit } from './fetch/wanted.ts';
import type { HandledPage } from './page.ts';
import type { HandlerSession } from './session.ts';

/** Which pages a handler takes. A page must match each field that is given. */
export interface HandlerMatch {
  /** The label of the request, or several. */
  readonly label?: string | readonly string[];
  /** A pattern for the URL of the request, or several: globs and regular expressions, as --include takes. */
  readonly url?: string | readonly string[];
  /** The content type of the answer without its parameters, or several: `text/html`, `image/*`. */
  readonly type?: string | readonly string[];
}

/** The request that led to the page. */
export interface HandledRequest {
  /** The id of the request within its crawl. */
  readonly id: string;
  readonly crawl: string;
  /** The normalised URL that was asked for. `page.url` is where redirects led. */
  readonly url: string;
  readonly method: string;
  readonly label: string | null;
  readonly userData: RequestInput['userData'];
  readonly depth: number;
  readonly referrer: string | null;
  /** The session in which it was fetched, as in the record; null for none. */
  readonly session: string | null;
  /** The number of this attempt, from 1. */
  readonly attempt: number;
}

/** What a handler may enqueue: a URL, a request, a CSS selector of links, or any number of them. */
export type EnqueueTarget =
  | string
  | URL
  | (Partial<RequestInput> & { url: string })
  | null
  | undefined
  | Iterable<string | URL | (Partial<RequestInput> & { url: string }) | null | undefined>;

/** Fields that all requests of one call get: label, userData, depth, priority and any other but the URL. */
export type EnqueueFields = Partial<Omit<RequestInput, 'url'>>;

/** Writes to drover's log, with the handler and the URL. */
export interface HandlerLog {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** What `run` gets. */
export interface HandlerArguments<Item = unknown> {
  readonly page: HandledPage;
  readonly request: HandledRequest;
  /**
   * Adds an item to the record of the page. It is checked against the schema. A wrong item makes the page a
   * dead letter that names the field, and so does an item that is no JSON.
   */
  readonly emit: (item: Item) => void;
  /**
   * Makes requests of the crawl. They pass scope, robots.txt and the seen set as links do. A string is a URL
   * if it begins with http://, https://, a slash, `./`, `../` or `?`, or if it cannot be a CSS selector.
   * Otherwise it is a selector, and the links of the elements that it finds are taken. `{ url }` is always a
   * URL, which may be relative to the page. null and undefined are left out. Returns the number of requests
   * that were taken; scope and the seen set may still leave some out.
   */
  readonly enqueue: (what: EnqueueTarget, options?: EnqueueFields) => number;
  /**
   * Fetches something else for this page: it waits for the slots of its host and obeys robots.txt and the
   * address guard, but not the scope. It is no request of the crawl, and leaves no record. The URL may be
   * relative to the page. Any status is an answer. Rejects with an Error whose `code` is one of
   * docs/errors.md. At most 100 for each page.
   */
  readonly fetch: (url: string | URL, init?: FetchInit) => Promise<HandledPage>;
  readonly log: HandlerLog;
  readonly session: HandlerSession;
  /** Aborted when the time limit of the page is over, and when the page no longer belongs to this process. */
  readonly signal: AbortSignal;
}

/** What `before` gets. */
export interface BeforeArguments {
  readonly request: HandledRequest;
  readonly log: HandlerLog;
  readonly signal: AbortSignal;
}

/** What `before` may change about the request that is sent. Headers are added to the others. */
export type RequestChanges = Pick<RequestInput, 'headers' | 'body' | 'timeouts'>;

/** What `after` gets. */
export interface AfterArguments extends BeforeArguments {
  readonly page: HandledPage;
  /** What was emitted, as it will be in the record. */
  readonly items: readonly unknown[];
}

/** What `onPage` gets. */
export interface OnPageArguments extends BeforeArguments {
  /** Playwright's page in the browser: it has loaded. */
  readonly page: Page;
}

export interface HandlerDefinition<Schema extends StandardSchemaV1 = StandardSchemaV1<unknown>> {
  /** Letters, digits, dots, dashes and underscores, at most 100. It stands in each item and in errors. */
  readonly name: string;
  /** Without it, the handler takes every page. The first handler that matches takes the page. */
  readonly match?: HandlerMatch;
  /** What an item must be: any Standard Schema, such as one of Zod, Valibot or ArkType. */
  readonly schema?: Schema;
  /**
   * False: the links of the pages of this handler are not followed, but only what it enqueues. Default: true.
   */
  readonly follow?: boolean;
  /** The time limit of one page in milliseconds. Default: 30,000. */
  readonly timeoutMs?: number;
  /**
   * True: `run`, `schema` and `after` run on a thread, for work that computes for long or calls what blocks.
   * `before` stays on the event loop. The handler must be in a file. Default: false.
   */
  readonly blocking?: boolean;
  /** 'process': they run in a child process, for what may crash natively. Includes `blocking`. */
  readonly isolate?: 'process';
  /** Called for each page that matches. It may return a promise. What it throws ends the attempt. */
  readonly run: (given: HandlerArguments<StandardSchemaV1.InferInput<Schema>>) => unknown;
  /**
   * Called before a request is sent whose label and URL match; its type is not known yet. It may return
   * changes, or throw a Discard to refuse the request. The slot of the host is held meanwhile, so it has five
   * seconds.
   */
  readonly before?: (
    given: BeforeArguments,
  ) => RequestChanges | undefined | void | Promise<RequestChanges | undefined> | Promise<void>;
  /**
   * Called for a page that a browser makes, before its document is taken: to click, to scroll, to wait. The
   * slot of the host is held meanwhile. Not for a handler with `blocking`. What it throws ends the attempt.
   */
  readonly onPage?: (given: OnPageArguments) => unknown;
  /** Called when `run` has done its work. What it throws counts as if `run` had thrown it. */
  readonly after?: (given: AfterArguments) => unknown;
}

/** A checked handler, as defineHandler returns it. */
export type Handler = HandlerDefinition<StandardSchemaV1<never, unknown>>;

/** Whether it runs on a thread or in a child process. */
export function isBlocking({ blocking, isolate }: Handler): boolean {
  return blocking === true || isolate !== undefined;
}

/** The time limit of a page if its handler names none. */
export const HANDLER_TIMEOUT_MS = 30_000;

/**
 * Defines a handler. It is the default export of a handler file, or a member of `handlers`. Throws
 * E_HANDLER_FILE, which names the field, when the definition is not valid.
 */
export function defineHandler<Schema extends StandardSchemaV1 = StandardSchemaV1<unknown>>(
  definition: HandlerDefinition<Schema>,
): Handler {
  return checkHandler(definition, 'defineHandler');
}

/** The time limit of `before`. */
export const BEFORE_TIMEOUT_MS = 5000;

const fields = [
  ...[
    'name',
    'match',
    'schema',
    'follow',
    'timeoutMs',
    'blocking',
    'isolate',
    'before',
    'onPage',
    'run',
    'after',
  ],
];

/** Checks what should be a handler; a plain object is one too. `place` begins the message of the error. */
export function checkHandler(value: unknown, place: string): Handler {
  const wrong = (detail: string) => new DroverError('E_HANDLER_FILE', `${place}: ${detail}`);
  if (typeof value !== 'object' || value === null)
    throw wrong('expected a handler, as defineHandler({ name, run }) makes it.');
  const given = value as Partial<Record<string, unknown>>;
  const unknown = Object.keys(given).find((key) => !fields.includes(key));
  if (unknown !== undefined) throw wrong(`a handler has no field ${unknown}; it has ${fields.join(', ')}.`);
  const { name, match = {}, schema, timeoutMs, isolate, run } = given;
  if (typeof name !== 'string' || !/^[\w.-]{1,100}$/.test(name))
    throw wrong('name: expected letters, digits, dots, dashes and underscores, at most 100.');
  if (typeof run !== 'function') throw wrong('run: expected a function.');
  for (const hook of ['before', 'onPage', 'after'])
    if (given[hook] !== undefined && typeof given[hook] !== 'function')
      throw wrong(`${hook}: expected a function.`);
  if (schema !== undefined && !isStandardSchema(schema))
    throw wrong('schema: expected a Standard Schema, such as z.object({ … }) of Zod 4.');
  for (const flag of ['follow', 'blocking'])
    if (given[flag] !== undefined && typeof given[flag] !== 'boolean')
      throw wrong(`${flag}: expected true or false.`);
  if (isolate !== undefined && isolate !== 'process') throw wrong("isolate: expected 'process'.");
  if (isolate === 'process' && given.blocking === false)
    throw wrong("blocking: false does not go with isolate: 'process'.");
  if (given.onPage !== undefined && (given.blocking === true || isolate !== undefined))
    throw wrong('onPage: a handler with blocking has no page of a browser; leave out one of them.');
  if (timeoutMs !== undefined && !(Number.isInteger(timeoutMs) && between(timeoutMs as number)))
    throw wrong('timeoutMs: expected a whole number of milliseconds from 1 to 3600000.');
  if (typeof match !== 'object' || match === null) throw wrong('match: expected an object.');
  for (const [key, one] of Object.entries(match)) {
    if (!['label', 'url', 'type'].includes(key))
      throw wrong(`match has no field ${key}; it has label, url, type.`);
    const list = [one].flat();
    if (list.length === 0 || !list.every((each) => typeof each === 'string'))
      throw wrong(`match.${key}: expected a text, or several.`);
    for (const each of list) checkMatched(key, each, wrong);
  }
  return given as unknown as Handler;
}

/** What could never match is an error, so that no page passes the handler by for a slip. */
function checkMatched(key: string, text: string, wrong: (detail: string) => DroverError): void {
  if (key === 'type' && readMediaRange(text) === null)
    throw wrong(`match.type: expected ${MEDIA_RANGE_FORM} (got ${JSON.stringify(text)}).`);
  if (key !== 'url') return;
  try {
    compileUrlPattern(text, 'match.url:');
  } catch (error) {
    throw wrong(`${(error as DroverError).detail}.`);
  }
}

function between(timeoutMs: number): boolean {
  return timeoutMs >= 1 && timeoutMs <= 3_600_000;
}

function isStandardSchema(schema: unknown): boolean {
  const isObject = (typeof schema === 'object' && schema !== null) || typeof schema === 'function';
  const standard = isObject ? (schema as Partial<StandardSchemaV1>)['~standard'] : undefined;
  return typeof standard?.validate === 'function';
}
