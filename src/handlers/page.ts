// The page that a handler gets. Each part is made when it is first asked for, and nothing is parsed that is
// not used.
import type { CheerioAPI } from 'cheerio/slim';
import { isNoSniff, mediaTypeOf } from '../fetch/body/media-type.ts';
import { decodeText } from '../fetch/body/text.ts';
import { hasXhtmlRoot } from '../markup/xml-tags.ts';
import { type Findings, findInAnswer } from '../page/findings.ts';
import { ROBOT } from '../robots/robots.ts';
import type { UrlRules } from '../url/normalize.ts';
import { loadDocument } from './document.ts';

/** What a page is made from. What is known already is not found out again. */
export interface PageSource {
  /** Where redirects led. */
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly urlRules: UrlRules;
  readonly findings?: Findings | null;
}

/** A fetched page. What a handler changes of it does not change the record: it gets copies. */
export class HandledPage {
  /** The URL of the answer, after redirects. */
  readonly url: string;
  readonly status: number;
  readonly #source: PageSource;
  #headers: Readonly<Record<string, string>> | undefined;
  #links: readonly string[] | undefined;
  #bytes: Uint8Array | undefined;
  #text: string | undefined;
  #findings: Findings | undefined;
  #document: CheerioAPI | undefined;

  constructor(source: PageSource) {
    this.url = source.url;
    this.status = source.status;
    this.#source = source;
    this.#findings = source.findings ?? undefined;
    this.#text = this.#findings?.text ?? undefined;
  }

  /** Names in lower case. */
  get headers(): Readonly<Record<string, string>> {
    this.#headers ??= { ...this.#source.headers };
    return this.#headers;
  }

  /** The decompressed body. */
  get bytes(): Uint8Array {
    // Many functions of the platform and of packages refuse bytes in shared memory, in which a thread has it.
    this.#bytes ??= Buffer.from(this.#source.body);
    return this.#bytes;
  }

  /** The body as text, in the character set that a browser would find. */
  get text(): string {
    this.#text ??= decodeText(this.#source.body, this.#type).text;
    return this.#text;
  }

  /**
   * The page as a cheerio document, parsed by htmlparser2: by the rules of XML if that is its content type.
   * Throws for a page that is too large or nested too deeply, which becomes a dead letter (E_HANDLER_PAGE).
   */
  get $(): CheerioAPI {
    this.#document ??= loadDocument(this.text, {
      xml: /[/+]xml\b/i.test(this.contentType) && !this.#isXhtml,
    });
    return this.#document;
  }

  /** The body as JSON. Throws a SyntaxError if it is none. */
  json<T = unknown>(): T {
    return JSON.parse(this.text) as T;
  }

  /** The links of the page as drover finds them: normalised, each once, none if it says nofollow. */
  get links(): readonly string[] {
    this.#links ??= [...(this.#found.links ?? [])];
    return this.#links;
  }

  /** The character set in which the page is written; the queries of its links are too. */
  get charset(): string {
    return this.#found.charset ?? 'utf-8';
  }

  get #found(): Findings {
    const { url } = this;
    const { body, headers, urlRules } = this.#source;
    this.#findings ??= findInAnswer({ finalUrl: url, headers, body }, urlRules, ROBOT);
    return this.#findings;
  }

  get #isXhtml(): boolean {
    const { essence, kind } = this.#type;
    return essence === 'application/xhtml+xml' || (kind === 'xml' && hasXhtmlRoot(this.text));
  }

  get #type() {
    const { headers, body } = this.#source;
    const noSniff = isNoSniff(headers['x-content-type-options']);
    return mediaTypeOf(headers['content-type'], body, noSniff);
  }

  /** The Content-Type header; empty if there is none. */
  get contentType(): string {
    return this.#source.headers['content-type'] ?? '';
  }
}
