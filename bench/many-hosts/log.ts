// The server's log in few bytes: a million requests take 32 MB, so neither writing nor reading it disturbs
// what is measured.
import { openSync, writeSync } from 'node:fs';
import type { LogEntry } from '../../test/support/site/site.ts';
import { hostNamed, pageOf, type Shape } from './hosts.ts';

/** What stands in the place of a page's number. */
export const [ROBOTS, UNKNOWN] = [0xff_ff, 0xff_fe];

/** One request: see LogEntry. */
export interface LoggedRequest {
  start: number;
  end: number;
  host: number;
  /** The page's number, ROBOTS or UNKNOWN. */
  page: number;
  status: number;
  /** The client's port. */
  port: number;
  lateMs: number;
}

const BYTES = 32;
const BUFFERED = 2048;
/** Of a request to a host that the scenario does not have. */
const NO_HOST = 0xff_ff_ff_ff;

/**
 * Writes requests to a file, which is open until this process ends. flush() writes what is still in memory.
 */
export function logWriter(path: string, shape: Shape): { add(entry: LogEntry): void; flush(): void } {
  const file = openSync(path, 'w');
  const buffer = Buffer.alloc(BYTES * BUFFERED);
  let used = 0;
  const flush = () => {
    for (let at = 0; at < used; ) at += writeSync(file, buffer, at, used - at);
    used = 0;
  };
  return {
    add({ start, end, host, path: target, status, remotePort, lateMs = 0 }) {
      if (used === buffer.length) flush();
      const page = target === '/robots.txt' ? ROBOTS : pageOf(target, shape.pagesPerHost);
      buffer.writeDoubleLE(start, used);
      buffer.writeDoubleLE(end, used + 8);
      buffer.writeFloatLE(lateMs, used + 16);
      buffer.writeUInt32LE(hostNamed(host, shape.hosts) ?? NO_HOST, used + 20);
      buffer.writeUInt16LE(page ?? UNKNOWN, used + 24);
      buffer.writeUInt16LE(status, used + 26);
      buffer.writeUInt16LE(remotePort, used + 28);
      used += BYTES;
    },
    flush,
  };
}

/**
 * The requests of each host in turn, by the content of the file. What is kept beside it is one number a
 * request. Throws an Error if a host was asked that the scenario does not have.
 */
export function* requestsByHost(log: Buffer, hosts: number): Generator<[number, LoggedRequest[]]> {
  const count = Math.floor(log.length / BYTES);
  const hostAt = (index: number) => log.readUInt32LE(index * BYTES + 20);
  const begins = new Uint32Array(hosts + 1);
  for (let index = 0; index < count; index++) {
    const host = hostAt(index);
    if (host >= hosts) throw new Error('the server was asked for a host that it does not have');
    begins[host + 1] = (begins[host + 1] ?? 0) + 1;
  }
  for (let host = 0; host < hosts; host++) begins[host + 1] = (begins[host + 1] ?? 0) + (begins[host] ?? 0);
  const sorted = new Uint32Array(count);
  const next = begins.slice();
  for (let index = 0; index < count; index++) {
    const place = next[hostAt(index)] ?? 0;
    sorted[place] = index;
    next[hostAt(index)] = place + 1;
  }
  for (let host = 0; host < hosts; host++) {
    const indexes = sorted.subarray(begins[host], begins[host + 1]);
    yield [host, Array.from(indexes, (index) => requestAt(log, index * BYTES))];
  }
}

function requestAt(log: Buffer, at: number): LoggedRequest {
  return {
    start: log.readDoubleLE(at),
    end: log.readDoubleLE(at + 8),
    lateMs: log.readFloatLE(at + 16),
    host: log.readUInt32LE(at + 20),
    page: log.readUInt16LE(at + 24),
    status: log.readUInt16LE(at + 26),
    port: log.readUInt16LE(at + 28),
  };
}
