// The page that a handler gets. Each part is made when it is first asked for, and nothing is parsed that is
// not used.
import type { CheerioAPI } from 'cheerio/slim';
import { isNoSniff, type MediaType, mediaTypeOf } from '../fetch/body/media-type.ts';
import { decodeText, type Text } from '../fetch/body/text.ts';
import { hasXhtmlRoot } from '../markup/xml-tags.ts';
import { readPage } from '../page/links.ts';
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
  readonly text?: string | null;
  readonly charset?: string | null;
  readonly links?: readonly string[] | null;
}

/** A fetched page. Its parts are read-only. */
export class HandledPage {
  /** The URL of the answer, after redirects. */
  readonly url: string;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly #source: PageSource;
  #decoded: Text | undefined;
  #links: readonly string[] | undefined;
  #document: CheerioAPI | undefined;

  constructor(source: PageSource) {
    this.url = source.url;
    this.status = source.status;
    this.headers = source.headers;
    this.#source = source;
    const { text, charset } = source;
    if (typeof text === 'string' && charset) this.#decoded = { text, charset };
    this.#links = source.links ?? undefined;
  }

  /** The decompressed body. It must not be changed, because the record holds it too. */
  get bytes(): Uint8Array {
    return this.#source.body;
  }

  /** The body as text, in the character set that a browser would find. */
  get text(): string {
    return this.#asText.text;
  }

  /** The character set of the text, which the queries of its links are in: a WHATWG name in lower case. */
  get charset(): string {
    return this.#asText.charset;
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

  /** The links of an HTML page as drover finds them: normalised, each once, none if it says nofollow. */
  get links(): readonly string[] {
    const { text, charset } = this.#asText;
    this.#links ??= readPage(text, this.url, this.#source.urlRules, { xhtml: this.#isXhtml, charset }).links;
    return this.#links;
  }

  get #asText(): Text {
    this.#decoded ??= decodeText(this.#source.body, this.#type);
    return this.#decoded;
  }

  get #isXhtml(): boolean {
    const { essence, kind } = this.#type;
    return essence === 'application/xhtml+xml' || (kind === 'xml' && hasXhtmlRoot(this.text));
  }

  get #type(): MediaType {
    const noSniff = isNoSniff(this.headers['x-content-type-options']);
    return mediaTypeOf(this.headers['content-type'], this.#source.body, noSniff);
  }

  /** The Content-Type header; empty if there is none. */
  get contentType(): string {
    return this.headers['content-type'] ?? '';
  }
}
