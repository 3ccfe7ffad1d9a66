// The JSON log. This is the only file that imports pino, and it does so when a log is opened.
import { openSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { DroverError } from './errors.ts';
import { withSources } from './own-stack.ts';
import { printable } from './printable.ts';
import { isSecretName, REDACTED, redact } from './redact.ts';

export type Log = Logger;

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
function openFile(path: string): number {
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
 * if the reader has gone. Rejects with E_FILE.
 */
export async function createLog(options: { level: string; destination?: string | number }): Promise<Log> {
  const { pino, stdTimeFunctions } = await import('pino');
  const { level, destination = 2 } = options;
  const fd = typeof destination === 'string' ? openFile(destination) : destination;
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

/** The log of a data directory, `drover.log`. Rejects with E_FILE. */
export function openLog({ logLevel, dataDir }: { logLevel: string; dataDir: string }): Promise<Log> {
  return createLog({ level: logLevel, destination: join(dataDir, 'drover.log') });
}
