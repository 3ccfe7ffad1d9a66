// The requests that a handler enqueues for one page: from URLs, requests and selectors, checked and bounded.
import { failure } from '../errors.ts';
import { baseOf } from '../page/links.ts';
import { parseRequest, type RequestInput } from '../request.ts';
import { createLinkResolver, normalizeUrl, type UrlRules } from '../url/normalize.ts';
import type { EnqueueFields, EnqueueTarget } from './define.ts';
import type { HandledPage } from './page.ts';
import { HandlerFault } from './verdicts.ts';

/** Of one page: requests, and the characters of all their fields. */
export const MOST_REQUESTS = 50_000;
export const MOST_REQUEST_CHARACTERS = 16 * 1024 * 1024;
/** Of the fields of one request, its body apart. As many as a line of a seed list may have. */
const MOST_FIELD_CHARACTERS = 65_536;

/** Stands for the URL while the other fields are checked. */
const ANY_URL = 'http://a/';

/** Gathers the requests of one page. Their URLs are normalised. */
export class EnqueuedRequests {
  readonly list: RequestInput[] = [];
  /** How many had a URL that cannot be fetched, such as a mailto link, by the code of the reason. */
  readonly leftOut: Record<string, number> = {};
  readonly #page: HandledPage;
  readonly #rules: UrlRules;
  #characters = 0;

  constructor(page: HandledPage, rules: UrlRules) {
    this.#page = page;
    this.#rules = rules;
  }

  /** Returns how many were taken. Throws a HandlerFault for what is no request, and for one too many. */
  add(what: EnqueueTarget, options: EnqueueFields = {}): number {
    const before = this.list.length;
    const fields = this.#checked(ANY_URL, options);
    for (const one of isMany(what) ? what : [what]) this.#addOne(one, options, fields);
    return this.list.length - before;
  }

  #addOne(one: unknown, options: EnqueueFields, fields: Checked): void {
    if (one === null || one === undefined) return;
    if (typeof one === 'string' && isSelector(one)) {
      for (const url of linksOf(this.#page, one, this.#rules)) this.#push(url, fields);
    } else if (typeof one === 'string') this.#push(one, fields);
    else if (one instanceof URL) this.#push(one.href, fields);
    else {
      const { url, ...own } = Object(one) as { url?: unknown };
      if (typeof url !== 'string')
        throw wrong(`enqueue takes URLs, requests with a url, and selectors; it got ${typeof one}.`);
      this.#push(url, this.#checked(ANY_URL, { ...options, ...own }));
    }
  }

  #push(text: string, { input, characters }: Checked): void {
    const spelled = normalizeUrl(text, { ...this.#rules, base: this.#page.url });
    if ('failure' in spelled) {
      const { code } = spelled.failure;
      this.leftOut[code] = (this.leftOut[code] ?? 0) + 1;
      return;
    }
    if (this.list.length >= MOST_REQUESTS) throw tooMany(`A page may enqueue ${MOST_REQUESTS} requests.`);
    this.#characters += characters + spelled.url.length;
    if (this.#characters > MOST_REQUEST_CHARACTERS)
      throw tooMany(`The requests of a page may have ${MOST_REQUEST_CHARACTERS} characters in all.`);
    this.list.push({ ...input, url: spelled.url });
  }

  #checked(url: string, fields: object): Checked {
    try {
      const { body, ...rest } = fields as { body?: unknown };
      const length = JSON.stringify(rest).length;
      if (length > MOST_FIELD_CHARACTERS)
        throw wrong(`Its fields have ${length} characters; a request may have ${MOST_FIELD_CHARACTERS}.`);
      const parsed = parseRequest({ url, ...fields });
      if ('failure' in parsed) throw wrong(parsed.failure.detail ?? '');
      return { input: parsed.input, characters: length + (parsed.input.body?.length ?? 0) };
    } catch (error) {
      if (error instanceof HandlerFault) throw error;
      throw wrong('Its fields cannot be written as JSON.');
    }
  }
}

interface Checked {
  input: RequestInput;
  characters: number;
}

function isMany(what: EnqueueTarget): what is Extract<EnqueueTarget, Iterable<unknown>> {
  return typeof what === 'object' && what !== null && Symbol.iterator in what;
}

/** The elements by whose names a text is known as a selector. */
const elements = new Set(
  'a abbr area article aside b body button code div dd dl dt em fieldset figure footer form frame h1 h2 h3 h4 h5 h6 head header html i iframe img label li link main nav ol option p pre s section select small span strong sub sup table tbody td tfoot th thead time title tr u ul'.split(
    ' ',
  ),
);

/**
 * `a.next`, `.item > a` and `[rel=next]` are selectors. `https://…`, `/x`, `./x`, `../x`, `?page=2` and
 * `page2.html` are URLs: no element is called `page2`.
 */
export function isSelector(text: string): boolean {
  if (/^\s*([a-z][a-z0-9+.-]*:\/\/|\/|\.\.?\/|\?)/i.test(text)) return false;
  const [, name] = /^\s*([a-z][a-z0-9-]*)?/i.exec(text) ?? [];
  return name === undefined ? /^\s*[.#[*:]/.test(text) : elements.has(name.toLowerCase());
}

/** The links of the elements, as readPage resolves them. What is no http or https URL is left out. */
function linksOf({ $, url: pageUrl, charset }: HandledPage, selector: string, rules: UrlRules): Set<string> {
  const resolve = createLinkResolver(baseOf($('base[href]').attr('href') ?? null, pageUrl), rules, charset);
  const links = new Set<string>();
  for (const element of $(selector)) {
    const href = $(element).attr('href') ?? $(element).attr('src');
    const url = href === undefined ? null : resolve(href);
    if (url !== null) links.add(url);
  }
  return links;
}

function wrong(detail: string): HandlerFault {
  return new HandlerFault(failure('E_HANDLER_REQUEST', detail));
}

function tooMany(detail: string): HandlerFault {
  return new HandlerFault(failure('E_HANDLER_LIMIT', detail));
}
