// What stands at the head of a page's Markdown, as YAML, and its line in the index.
import type { CrawlRecord } from '../../../record.ts';
import type { ExtractedPage } from './extract-worker.ts';

/** Front matter with its lines of dashes. Fields that are not known are null. */
export function frontMatter(record: CrawlRecord, page: ExtractedPage): string {
  const fields = {
    url: record.url,
    ...(record.finalUrl !== null && record.finalUrl !== record.url ? { finalUrl: record.finalUrl } : {}),
    title: page.title ?? record.title,
    date: dateOf(page.published) ?? record.fetchedAt,
    fetchedAt: record.fetchedAt,
    language: page.language,
    canonical: page.canonical,
    content: page.plain === null ? 'main' : `plain text: ${page.plain}`,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${yamlOf(value)}\n`);
  return `---\n${lines.join('')}---\n`;
}

/** A JSON string is a YAML string (YAML 1.2 §1.3), but for characters that YAML wants escaped (§5.1). */
function yamlOf(value: string | null): string {
  return JSON.stringify(value).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A date that a page gives in whatever form, as ISO 8601; null for what is no date. */
function dateOf(published: string | null): string | null {
  if (published === null) return null;
  if (/^\d{4}-\d{2}-\d{2}$/.test(published)) return published;
  const time = Date.parse(published);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** `- [Title](pages/…): URL`, as llms.txt lists pages. */
export function indexLine(file: string, title: string | null, url: string): string {
  const words = (title ?? '').replace(/\s+/g, ' ').trim() || url;
  return `- [${words.replace(/[\\[\]`*_<]/g, '\\$&')}](${file}): <${url.replace(/[<>\s]/g, encodeURIComponent)}>\n`;
}
