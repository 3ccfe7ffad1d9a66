// Reads WARC files with the npm package warcio, which shares no code with drover, and checks their digests.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { WARCParser } from 'warcio';

export interface ReadRecord {
  file: string;
  type: string;
  url: string | null;
  /** The named fields; of those that are there several times, all values in `lines`. */
  field(name: string): string | null;
  /** The block, as it stands in the file. */
  block: Buffer;
  /** The head of HTTP, and what follows it. */
  head: string;
  payload: Buffer;
}

/** The paths of the WARC files in a directory. */
export async function warcPaths(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names
    .filter((name) => name.endsWith('.warc.gz'))
    .sort()
    .map((name) => join(directory, name));
}

/** All records of the files, in order. */
export async function readWarcs(paths: readonly string[]): Promise<ReadRecord[]> {
  const records: ReadRecord[] = [];
  for (const file of paths) {
    const parser = new WARCParser(createReadStream(file), { parseHttp: false });
    for await (const record of parser) {
      const block = Buffer.from(await record.readFully(false));
      const end = block.indexOf('\r\n\r\n');
      const isHttp = (record.warcContentType ?? '').startsWith('application/http');
      records.push({
        ...{ file, type: record.warcType ?? '', url: record.warcTargetURI ?? null, block },
        field: (name) => record.warcHeaders.headers.get(name) ?? null,
        head: isHttp ? block.toString('latin1', 0, end) : '',
        payload: isHttp ? block.subarray(end + 4) : block,
      });
    }
  }
  return records;
}

const sha256 = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** What is wrong with the digests and lengths of the records; empty if nothing is. */
export function faultsOf(records: readonly ReadRecord[]): string[] {
  const faults: string[] = [];
  for (const { type, url, field, block, payload } of records) {
    const where = `${type} ${url}`;
    if (field('Content-Length') !== String(block.length)) faults.push(`${where}: length`);
    if (field('WARC-Block-Digest') !== sha256(block)) faults.push(`${where}: block digest`);
    const digest = field('WARC-Payload-Digest');
    if (digest !== null && type !== 'revisit' && digest !== sha256(payload))
      faults.push(`${where}: payload digest`);
    if (type === 'response' && digest === null) faults.push(`${where}: no payload digest`);
  }
  return faults;
}
