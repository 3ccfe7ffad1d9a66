// What drover says to people: text from servers made safe to look at, and the JSON log (the one import of pino).
import { openSync } from 'node:fs';
import { type Logger, pino, stdTimeFunctions } from 'pino';
import stringWidth from 'string-width';
import { DroverError } from './errors.ts';
import { isSecretName, REDACTED, redact } from './redact.ts';

export type Log = Logger;

/**
 * What a terminal obeys or does not show: controls (C0, DEL, C1, and so every escape sequence), format characters
 * (bidirectional overrides and isolates, zero-width ones, tags), line and paragraph separators, lone surrogates,
 * fillers. Left alone: the variation selectors of emoji, and the Arabic and Kaithi number signs, which are visible.
 */
const unprintable =
  /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]--[\u{fe0e}\u{fe0f}\u{600}-\u{605}\u{6dd}\u{890}\u{891}\u{8e2}\u{110bd}\u{110cd}]]/gv;

const shortEscapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeOf(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  if (hex.length <= 2) return shortEscapes[character] ?? `\\x${hex.padStart(2, '0')}`;
  return hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}

/**
 * Text from a server or a file made safe for a terminal, a log, a table: what a terminal would obey or hide is
 * shown as text (`\x1b`, `\u202e`, `\n`). Never cuts. Doing it twice changes nothing more.
 */
export function printable(text: string): string {
  return text.replace(unprintable, escapeOf);
}

const graphemes = new Intl.Segmenter();

/** At most `columns` wide on a terminal, with `…` in the place of what is cut. Give it printable text. */
export function shorten(text: string, columns: number): string {
  // A cluster may hold any number of combining marks, none of any width: more than these are not shown.
  const most = columns * 16;
  if (text.length <= most && stringWidth(text) <= columns) return text;
  let [kept, width] = ['', 0];
  for (const { segment } of graphemes.segment(text)) {
    width += stringWidth(segment);
    if (width > columns - 1 || kept.length + segment.length > most) break;
    kept += segment;
  }
  return columns < 1 ? '' : `${kept}…`;
}

const loggable = (text: string): string => printable(redact(text));

/** Most lines hold none of this, and so nothing to change: plain ASCII without an escape, a user part or a secret. */
const needsCare =
  /[^\x20-\x7e\n]|[\\@]|authorization|cookie|bearer|token|password|passphrase|secret|api[-_]?key|"command":/i;

/**
 * One finished line of the log with every string in it, at any depth, redacted and printable. Done on the finished
 * line because bindings of children, serialised errors and toJSON all end there; pino's own redaction takes paths of
 * known depth only, and its escaping leaves C1 and bidirectional controls as they are.
 */
function safeLine(line: string): string {
  if (!needsCare.test(line)) return line;
  const value = JSON.parse(line, (key, value) => {
    if (isSecretName(key) && value !== null) return REDACTED;
    if (typeof value === 'string') return key === 'stack' ? value.split('\n').map(loggable) : loggable(value);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    // An error of Redis holds what was sent: requests with their headers, settings of crawls.
    if (key === 'command' && 'args' in value) return value.name;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [printable(name), inner]));
  });
  return `${JSON.stringify(value)}\n`;
}

/** Opened at once, so that a wrong path is found at the start and not at the first line. */
function openLog(path: string): number {
  try {
    return openSync(path, 'a');
  } catch (cause) {
    throw new DroverError('E_FILE', `The log ${path}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * A log of one JSON object a line, to a file (appended) or a file descriptor (2 if none is given): `level` as a word,
 * `time` in ISO 8601, the stack of an error as a list of lines. Never holds a crawl up: lines wait in memory while the
 * destination is slow, and are dropped beyond 8 MiB or when nobody reads any more. Throws E_FILE.
 */
export function createLog(options: { level: string; destination?: string | number }): Log {
  const { level, destination = 2 } = options;
  const fd = typeof destination === 'string' ? openLog(destination) : destination;
  const stream = pino.destination({ fd, sync: false, maxLength: 8 * 1024 * 1024 });
  // A full disk stops the crawl at its store, with E_DISK_FULL; the log is no reason to stop it earlier.
  stream.on('error', () => {});
  const formatters = { level: (label: string) => ({ level: label }) };
  const base = { pid: process.pid };
  return pino(
    { level, base, formatters, timestamp: stdTimeFunctions.isoTime, hooks: { streamWrite: safeLine } },
    stream,
  );
}
