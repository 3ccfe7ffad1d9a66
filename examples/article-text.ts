// Takes articles out of pages: title, author, date, language, and the text without menus and advertisements.
// In a checkout: npm run crawl -- https://paper.example/ --handler examples/article-text.ts --crawl paper
import { defineHandler } from 'drover';
import { z } from 'zod';

/** What surrounds a text and is none of it. */
const FURNITURE =
  'script, style, noscript, template, iframe, svg, nav, header, footer, aside, form, button, figure, [hidden], [aria-hidden=true], [role=navigation], [role=complementary]';
/** What an article consists of. Each becomes a paragraph. */
const PARTS = 'h2, h3, h4, p, li, blockquote, pre, td';
const SHORTEST = 200;

/** A document of schema.org, as pages carry it in JSON-LD for search engines. */
interface LinkedData {
  '@type'?: unknown;
  headline?: unknown;
  datePublished?: unknown;
  author?: unknown;
}

export default defineHandler({
  name: 'article',
  match: { type: ['text/html', 'application/xhtml+xml'] },
  schema: z.object({
    title: z.string().min(1),
    author: z.string().nullable(),
    date: z.iso.datetime().nullable(),
    language: z.string().nullable(),
    text: z.string().min(SHORTEST),
  }),

  run({ page, emit }) {
    const { $ } = page;
    const meta = (name: string) => clean($(`meta[name="${name}"], meta[property="${name}"]`).attr('content'));
    const data = linkedData(
      $('script[type="application/ld+json"]')
        .toArray()
        .map((one) => $(one).text()),
    );

    // The part that the page itself marks as its content, or else the whole page.
    const marked = $('article, [itemprop=articleBody], main, [role=main]').first();
    const content = marked.length > 0 ? marked : $('body');
    const title =
      meta('og:title') ??
      clean(data.headline) ??
      clean(content.find('h1').first().text()) ??
      clean($('title').text());
    const byline = clean(content.find('[rel=author], [itemprop=author], .author, .byline').first().text());
    const time = $('time[datetime]').first().attr('datetime');

    content.find(FURNITURE).remove();
    const parts = content.find(PARTS).toArray();
    // A paragraph within a quotation or a list is part of that one.
    const outer = parts.filter((one) => $(one).parents(PARTS).length === 0);
    const text = outer
      .map((one) => clean($(one).text()))
      .filter((one) => one !== null)
      .join('\n\n');
    if (title === null || text.length < SHORTEST) return; // a list or a menu: only its links are of use

    emit({
      title,
      author: authorOf(data.author) ?? meta('author') ?? byline,
      date: dateOf(data.datePublished ?? meta('article:published_time') ?? time),
      language: clean($('html').attr('lang')) ?? meta('og:locale'),
      text,
    });
  },
});

/** Text with its white space collapsed; null for what is empty or no text. */
function clean(text: unknown): string | null {
  return (typeof text === 'string' && text.replace(/\s+/g, ' ').trim()) || null;
}

function dateOf(given: unknown): string | null {
  const date = new Date(typeof given === 'string' ? given : Number.NaN);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}

function authorOf(author: unknown): string | null {
  const [first] = [author].flat();
  return clean(typeof first === 'object' ? (first as { name?: unknown } | null)?.name : first);
}

/** The first article among the documents of a page. One that is no JSON is passed over. */
function linkedData(texts: readonly string[]): LinkedData {
  for (const text of texts) {
    try {
      const parsed = JSON.parse(text) as { '@graph'?: LinkedData[] };
      const documents = [parsed['@graph'] ?? parsed].flat() as (LinkedData | null)[];
      const article = documents.find((one) => /Article|BlogPosting/.test(String(one?.['@type'])));
      if (article) return article;
    } catch {
      // written by hand, perhaps
    }
  }
  return {};
}
