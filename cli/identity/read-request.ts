// A request as text: as it came over the wire, or as curl -v prints it.
import { createReadStream } from 'node:fs';
import { DroverError } from '../../src/errors.ts';
import type { SignedMessage } from '../../src/identity/base.ts';

const MOST_BYTES = 64 * 1024;

/** `file`: its path, or - for standard input. It came over https unless it says otherwise. Throws E_USAGE. */
export async function readRequest(file: string): Promise<SignedMessage> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of file === '-' ? process.stdin : createReadStream(file)) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new DroverError('E_USAGE', `--request ${file}: longer than 64 KiB.`);
    chunks.push(chunk);
  }
  return parseReceived(Buffer.concat(chunks).toString('latin1'), file);
}

/** `source` names it in errors. */
export function parseReceived(text: string, source: string): SignedMessage {
  const wrong = (why: string) => new DroverError('E_USAGE', `--request ${source}: ${why}.`);
  const all = text.split(/\r?\n/);
  const marked = all.filter((line) => line.startsWith('> ')).map((line) => line.slice(2));
  const lines = (marked.length > 0 ? marked : all).map((line) => line.trimEnd());
  const start = lines.findIndex((line) => line !== '');
  const [, method, target] = /^([A-Z]+) (\S+)(?: HTTP\/[\d.]+)?$/.exec(lines[start] ?? '') ?? [];
  if (method === undefined || target === undefined)
    throw wrong('it does not begin with a line such as GET /path HTTP/1.1');
  const headers: Record<string, string> = {};
  for (const line of lines.slice(start + 1)) {
    if (line === '') break;
    const [, name = '', value = ''] = /^:?([^:\s]+): *(.*)$/.exec(line) ?? [];
    if (name === '') throw wrong(`${JSON.stringify(line.slice(0, 60))} is no header`);
    const lower = name.toLowerCase();
    headers[lower] = headers[lower] === undefined ? value : `${headers[lower]}, ${value}`;
  }
  const host = headers.host ?? headers.authority;
  const url = URL.parse(/^https?:/i.test(target) ? target : `https://${host}${target}`);
  if (!url || (host === undefined && !/^https?:/i.test(target))) throw wrong('it has no header Host');
  return { method, url, headers };
}
