// The plain text of a page and what its head says of it, in one pass without a tree, however deeply it nests.
import { readElements } from '../../../markup/elements.ts';

export interface PlainPage {
  /** The visible text, blocks on lines of their own. */
  text: string;
  /** The language that the page declares, such as en-GB. */
  language: string | null;
  canonical: string | null;
  /** The deepest level of elements. */
  depth: number;
}

const MOST_TEXT = 4 * 1024 * 1024;
const hidden = new Set(
  'head script style template noscript svg math iframe object select textarea'.split(' '),
);
const inline = new Set(
  'a abbr acronym b bdi bdo big cite code data del dfn em font i img input ins kbd label mark q ruby rt rp s samp small span strike strong sub sup time tt u var wbr'.split(
    ' ',
  ),
);
const empty = new Set('area base br col embed hr img input link meta source track wbr'.split(' '));

/** `url`: where the page was found, for what is relative in it. Never throws. */
export function readPlain(html: string, url: string): PlainPage {
  const parts: string[] = [];
  let [characters, hiding, depth, deepest] = [0, 0, 0, 0];
  const head: Record<'language' | 'canonical' | 'base', string | null> = {
    ...{ language: null, canonical: null, base: null },
  };
  readElements(
    html,
    {
      onopentag(name, attributes) {
        if (name === 'html')
          head.language ??= attributes.lang?.trim() || attributes['xml:lang']?.trim() || null;
        if (name === 'base') head.base ??= attributes.href ?? null;
        if (name === 'link' && /(^|\s)canonical(\s|$)/i.test(attributes.rel ?? ''))
          head.canonical ??= attributes.href ?? null;
        if (hidden.has(name)) hiding++;
        if (!inline.has(name)) parts.push('\n');
        if (!empty.has(name)) deepest = Math.max(deepest, ++depth);
      },
      ontext(text) {
        if (hiding > 0 || characters > MOST_TEXT) return;
        parts.push(text);
        characters += text.length;
      },
      onclosetag(name) {
        if (hidden.has(name)) hiding--;
        if (!inline.has(name)) parts.push('\n');
        if (!empty.has(name)) depth--;
      },
    },
    { flattens: true },
  );
  const canonical = absolute(head.canonical, head.base, url);
  return { text: tidy(parts.join('')), language: head.language, canonical, depth: deepest };
}

function tidy(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/[^\S\n]+/g, ' ').trim())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function absolute(href: string | null, base: string | null, url: string): string | null {
  const from = base !== null && URL.canParse(base, url) ? new URL(base, url).href : url;
  return href !== null && URL.canParse(href.trim(), from) ? new URL(href.trim(), from).href : null;
}
