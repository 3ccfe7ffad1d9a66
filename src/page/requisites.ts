// What a page needs to be shown: images, style sheets, scripts, fonts. And what a style sheet needs.
import { mediaTypeOf } from '../fetch/body/media-type.ts';
import { scanTags, type Tag, type TagTaker } from '../markup/tags.ts';
import type { Answer } from '../outcome.ts';
import { createLinkResolver, type UrlRules } from '../url/normalize.ts';
import { baseOf } from './links.ts';
import { urlsOfStyle } from './style-urls.ts';

/** The largest number read from one page or style sheet. */
const MOST_REQUISITES = 10_000;

const attributes: ReadonlySet<string> = new Set(
  'href src srcset imagesrcset rel as type style poster background xlink:href data shadowrootmode'.split(' '),
);

/** `text`: that of the answer, or null if it is not textual. */
type Shown = Pick<Answer, 'finalUrl' | 'headers' | 'body'> & { text: string | null; charset: string | null };

/**
 * The URLs, normalised, each once, in document order. Empty for what is neither HTML nor CSS; with
 * `stylesAlone`, for HTML too. `rules.base` is ignored. Never throws.
 */
export function findRequisites(
  { finalUrl, headers, body, text, charset }: Shown,
  rules: UrlRules,
  { stylesAlone = false } = {},
): string[] {
  if (text === null) return [];
  const type = mediaTypeOf(headers['content-type'], body);
  if (type.essence === 'text/css') return resolved(urlsOfStyle(text), finalUrl, rules, 'utf-8');
  if (stylesAlone || (type.kind !== 'html' && type.kind !== 'xml')) return [];
  const reader = new RequisiteReader();
  scanTags(text, reader, attributes);
  return resolved(reader.urls, baseOf(reader.base, finalUrl), rules, charset ?? 'utf-8');
}

function resolved(urls: readonly string[], base: string, rules: UrlRules, charset: string): string[] {
  const resolve = createLinkResolver(base, rules, charset);
  const found = new Set<string>();
  for (const url of urls) {
    const absolute = resolve(url.trim());
    if (absolute !== null && absolute !== base) found.add(absolute);
    if (found.size >= MOST_REQUISITES) break;
  }
  return [...found];
}

/** Kinds of `<link>` that a browser loads to show the page. */
const loaded = new Set([
  'stylesheet',
  'icon',
  'preload',
  'modulepreload',
  'apple-touch-icon',
  'mask-icon',
  'manifest',
]);
/** What `<link rel=preload as=…>` loads that is no part of what is shown here. */
const otherPreloads = new Set(['document', 'fetch', 'audio', 'video', 'track', 'embed', 'object']);

class RequisiteReader implements TagTaker {
  readonly urls: string[] = [];
  base: string | null = null;

  take(tag: Tag): boolean {
    switch (tag.name) {
      case 'base':
        this.base ??= tag.get('href') ?? null;
        break;
      case 'img':
        this.#add(tag.get('src'));
        this.#addSet(tag.get('srcset'));
        break;
      case 'source':
        this.#addSet(tag.get('srcset')); // src is of audio and video
        break;
      case 'input':
        if (tag.get('type')?.toLowerCase() === 'image') this.#add(tag.get('src'));
        break;
      case 'script':
        this.#add(tag.get('src') ?? tag.get('href') ?? tag.get('xlink:href'));
        break;
      case 'video':
        this.#add(tag.get('poster'));
        break;
      case 'image':
      case 'feimage':
        this.#add(tag.get('href') ?? tag.get('xlink:href'));
        break;
      case 'use':
        this.#add(tag.get('href') ?? tag.get('xlink:href'));
        break;
      case 'link':
        this.#takeLink(tag);
        break;
    }
    this.#add(tag.name === 'body' || tag.name.startsWith('t') ? tag.get('background') : undefined);
    const style = tag.get('style');
    if (style?.includes('(')) this.takeStyle(style);
    return this.urls.length < MOST_REQUISITES;
  }

  takeTitle(): void {}

  takeStyle(css: string): void {
    this.urls.push(...urlsOfStyle(css));
  }

  #takeLink(tag: Tag): void {
    const names = (tag.get('rel') ?? '').toLowerCase().split(/[\t\n\f\r ]+/);
    if (!names.some((name) => loaded.has(name))) return;
    if (names.includes('preload') && otherPreloads.has(tag.get('as')?.toLowerCase() ?? '')) return;
    this.#add(tag.get('href'));
    this.#addSet(tag.get('imagesrcset'));
  }

  #add(url: string | undefined): void {
    if (url && !url.startsWith('#')) this.urls.push(url);
  }

  /** The URLs of a srcset (HTML standard §4.8.4.2.1): each up to a space, then a descriptor and a comma. */
  #addSet(set: string | undefined): void {
    if (set === undefined) return;
    for (let at = 0; at < set.length && this.urls.length < MOST_REQUISITES; ) {
      candidate.lastIndex = at;
      const url = candidate.exec(set)?.[1] ?? '';
      at = candidate.lastIndex;
      if (url === '') return;
      this.#add(url.replace(/,{1,100}$/, ''));
      if (url.endsWith(',')) continue;
      at = afterDescriptor(set, at);
    }
  }
}

const candidate = /[\s,]*(\S*)/y;

/** Where the comma behind a descriptor is. Commas in brackets are part of it. */
function afterDescriptor(set: string, start: number): number {
  for (let at = start; at < set.length; at++) {
    if (set[at] === ',') return at;
    const close = set[at] === '(' ? set.indexOf(')', at) : at;
    if (close < 0) break;
    at = close;
  }
  return set.length;
}
