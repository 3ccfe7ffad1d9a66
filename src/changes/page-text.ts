// The main text of a page as lines, and how two of them differ.
import { structuredPatch } from 'diff';
import { linesOfHtml, linesOfText, type TextLines } from '../page/main-text.ts';
import type { CrawlRecord } from '../record.ts';
import { type TextBody, textBodyOf } from '../records/text-body.ts';
import type { Change, LineCounts, TextChange } from './kinds.ts';

/** Of more lines or characters, no difference is made. */
const MOST_LINES = 50_000;
const MOST_CHARACTERS = 1024 * 1024;
/** Lines that are added or removed; the time and memory that it takes grow with their square. */
const MOST_EDITS = 1000;
const CONTEXT = 2;
/** Of a difference, what is told. */
const MOST_TOLD_LINES = 400;
const LONGEST_TOLD = 2000;

/** The lines with an end each, or why there are none. */
export type PageText = { lines: string } | { lines: null; why: Exclude<TextChange, 'changed' | 'same'> };

export interface TextRules {
  /** Whether the run kept bodies. */
  keepsBodies: boolean;
  /** Lines that match do not count. */
  ignore: RegExp | null;
}

/** Never throws. */
export function pageTextOf(record: CrawlRecord, { keepsBodies, ignore }: TextRules): PageText {
  if (record.bytes === 0) return { lines: '' };
  const found = textBodyOf(record);
  if (found === null)
    return { lines: null, why: record.body === null && !keepsBodies ? 'not-kept' : 'not-text' };
  const { lines, isWhole } = linesOf(found);
  const kept = ignore ? lines.filter((line) => !ignore.test(line)) : lines;
  const text = kept.map((line) => `${line}\n`).join('');
  if (!isWhole || kept.length > MOST_LINES || text.length > MOST_CHARACTERS)
    return { lines: null, why: 'too-large' };
  return { lines: text };
}

function linesOf({ text, isHtml, essence }: TextBody): TextLines {
  if (isHtml) return linesOfHtml(text);
  return linesOfText(/[/+]json$/.test(essence ?? '') ? indented(text) : text);
}

/** JSON often is one line. */
function indented(json: string): string {
  if (json.length > MOST_CHARACTERS) return json;
  try {
    return JSON.stringify(JSON.parse(json), null, 1);
  } catch {
    return json;
  }
}

/** `mostMs`: the time that it may take. */
export function compareTexts(
  from: PageText,
  to: PageText,
  mostMs: number,
): Pick<Change, 'text' | 'diff' | 'lines'> {
  if (from.lines === null) return { text: from.why };
  if (to.lines === null) return { text: to.why };
  if (from.lines === to.lines) return { text: 'same' };
  const found = lineDiff(from.lines, to.lines, mostMs);
  return found ? { text: 'changed', ...found } : { text: 'too-different' };
}

/** Null when the difference is too large or takes too long. */
export function lineDiff(
  from: string,
  to: string,
  mostMs: number,
): { diff: string; lines: LineCounts } | null {
  const options = { context: CONTEXT, maxEditLength: MOST_EDITS, timeout: mostMs };
  const patch = structuredPatch('', '', from, to, undefined, undefined, options);
  if (!patch) return null;
  const lines = patch.hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines: own }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...own,
  ]);
  const counted = (sign: string) =>
    patch.hunks.reduce((sum, hunk) => sum + hunk.lines.filter((line) => line.startsWith(sign)).length, 0);
  const told = lines.slice(0, MOST_TOLD_LINES).map(cut);
  const leftOut = lines.length - told.length;
  return { diff: told.join('\n'), lines: { added: counted('+'), removed: counted('-'), leftOut } };
}

const cut = (line: string) => (line.length > LONGEST_TOLD ? `${line.slice(0, LONGEST_TOLD)}…` : line);
