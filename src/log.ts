// The JSON log, and functions that make text from servers safe to show. This is the only file that imports
// pino.
import { openSync } from 'node:fs';
import { type Logger, pino, stdTimeFunctions } from 'pino';
import stringWidth from 'string-width';
import { DroverError } from './errors.ts';
import { withSources } from './own-stack.ts';
import { isSecretName, REDACTED, redact } from './redact.ts';

export type Log = Logger;

/**
 * Characters that a terminal executes or does not show: control characters (C0, DEL, C1, and so every escape
 * sequence), format characters (bidirectional overrides and isolates, zero-width characters, tags), line and
 * paragraph separators, lone surrogates, fillers. Not among them are the variation selectors of emoji, and
 * the Arabic and Kaithi number signs, which are visible.
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
 * Makes text from a server or a file safe for a terminal, a log or a table. Characters that a terminal would
 * execute or hide are replaced by escapes (`\x1b`, `\u202e`, `\n`). The text is never cut. Idempotent.
 */
export function printable(text: string): string {
  return text.replace(unprintable, escapeOf);
}

const graphemes = new Intl.Segmenter();

/**
 * Cuts printable text so that it is at most `columns` wide on a terminal. `…` replaces the part that was cut.
 */
export function shorten(text: string, columns: number): string {
  // A character may have any number of combining marks, which have no width. This limits them.
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

/**
 * Matches lines that may need a change. Most lines do not match: they are plain ASCII without escapes or
 * secrets.
 */
const needsCare =
  /[^\x20-\x7e\n]|[\\@]|authorization|cookie|bearer|token|password|passphrase|secret|api[-_]?key|"command":/i;

/**
 * Redacts every string in a finished line of the log, at any depth, and makes it printable. This is done to
 * the finished line because it has everything: bindings of child loggers, serialised errors, results of
 * toJSON. The redaction of pino only takes paths of a known depth, and its escaping leaves C1 and
 * bidirectional controls as they are.
 */
function safeLine(line: string): string {
  if (!needsCare.test(line)) return line;
  const value = JSON.parse(line, (key, value) => {
    if (isSecretName(key) && value !== null) return REDACTED;
    if (typeof value === 'string')
      return key === 'stack' ? withSources(value).split('\n').map(loggable) : loggable(value);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    // An error of Redis contains the command that was sent, with requests, their headers and settings of
    // crawls.
    if (key === 'command' && 'args' in value) return value.name;
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [printable(name), inner]));
  });
  return `${JSON.stringify(value)}\n`;
}

/** Opens the log at once, so that a wrong path is found at the start and not at the first line. */
function openLog(path: string): number {
  try {
    return openSync(path, 'a');
  } catch (cause) {
    throw new DroverError('E_FILE', `The log ${path}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Makes a log that writes one JSON object on each line, to a file (appended) or to a file descriptor
 * (default: 2). `level` is a word, `time` is in ISO 8601, the stack of an error is a list of lines. The log
 * never delays a crawl: lines wait in memory while the destination is slow, and are dropped beyond 8 MiB or
 * if the reader has gone. Throws E_FILE.
 */
export function createLog(options: { level: string; destination?: string | number }): Log {
  const { level, destination = 2 } = options;
  const fd = typeof destination === 'string' ? openLog(destination) : destination;
  const stream = pino.destination({ fd, sync: false, maxLength: 8 * 1024 * 1024 });
  // On a full disk, the store stops the crawl with E_DISK_FULL. The log does not stop it earlier.
  stream.on('error', () => {});
  const formatters = { level: (label: string) => ({ level: label }) };
  const base = { pid: process.pid };
  return pino(
    { level, base, formatters, timestamp: stdTimeFunctions.isoTime, hooks: { streamWrite: safeLine } },
    stream,
  );
}
