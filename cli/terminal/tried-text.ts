// What drover try found out, as text for a terminal.
import type { TriedPage } from '../../src/handlers/try-page.ts';
import { printable } from '../../src/printable.ts';
import { counted, size } from './figures.ts';
import { inOwnWords } from './own-hints.ts';

/** Of each list. --json prints all. */
const MOST_SHOWN = 50;

export function triedText(tried: TriedPage): string {
  const { url, finalUrl, status, contentType, bytes, totalMs, error, handler, items, requests } = tried;
  const lines: string[] = [finalUrl !== null && finalUrl !== url ? `${url} → ${finalUrl}` : url];
  if (status !== null)
    lines.push(
      `${status} ${contentType ?? 'without Content-Type'}, ${size(bytes ?? 0)}, ${Math.round(totalMs ?? 0)} ms`,
    );
  if (handler !== null) lines.push(`handler ${handler}`);
  if (error !== null) lines.push(`${error.code}: ${inOwnWords(error.message)}`);
  else if (handler === null) lines.push('no handler takes this page: see match of your handlers');
  if (handler !== null && error === null) {
    lines.push(counted(items.length, 'item'), ...shown(items.map((item) => JSON.stringify(item))));
    lines.push(counted(requests.length, 'request'), ...shown(requests.map(requestLine)));
    for (const [code, count] of Object.entries(tried.leftOut)) lines.push(`${count} left out: ${code}`);
  }
  return `${lines.map(printable).join('\n')}\n`;
}

function requestLine({ request, leftOut }: TriedPage['requests'][number]): string {
  const { url, method = 'GET', ...more } = request;
  const fields = Object.keys(more).length > 0 ? ` ${JSON.stringify(more)}` : '';
  return `${method} ${url}${fields}${leftOut === null ? '' : ` (left out: ${leftOut})`}`;
}

function shown(lines: string[]): string[] {
  const more = lines.length - MOST_SHOWN;
  const first = lines.slice(0, MOST_SHOWN).map((line) => `  ${line}`);
  return more > 0 ? [...first, `  and ${more} more (--json prints all)`] : first;
}
