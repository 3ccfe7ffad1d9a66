// What a job of the queue "requests" carries: its request and how it starts, in named fields. Only this file
// packs and reads them.
import { type Request, unpackRequest } from '../request.ts';

/**
 * How a job starts. granted: with a slot of its limiter key, which also counts against the ceiling of
 * `server` ('' for none). ahead: it was handed out ahead of its slot, and takes one that comes free in its
 * consumer. ask: the gate must be asked. `givenAt`: when dispatch decided this, in milliseconds since 1970.
 */
export type JobStart =
  | { kind: 'granted'; server: string; givenAt: number }
  | { kind: 'ahead'; givenAt: number }
  | { kind: 'ask' };

/**
 * The job as it is stored in Redis. Names of one letter would save nothing: the memory of a job grows in
 * steps of 16 or 32 bytes.
 */
export interface JobData {
  /** As packRequest packs it. */
  request: string;
  start: JobStart['kind'];
  /** The server of a granted slot, if it counts against a ceiling. */
  server?: string;
  /** Left out when the gate is asked anyway. */
  givenAt?: number;
}

/**
 * The former version stored only the packed request. The name of the job told how it starts (`fetch`,
 * `fetch@SERVER`, `ahead`, `ask`), and its timestamp when that was decided.
 */
export type FormerJobData = string;

export function packJobData(packedRequest: string, start: JobStart): JobData {
  switch (start.kind) {
    case 'granted': {
      const { kind, server, givenAt } = start;
      return server === ''
        ? { request: packedRequest, start: kind, givenAt }
        : { request: packedRequest, start: kind, server, givenAt };
    }
    case 'ahead':
      return { request: packedRequest, start: start.kind, givenAt: start.givenAt };
    case 'ask':
      return { request: packedRequest, start: start.kind };
    default:
      return start satisfies never;
  }
}

/** The request of a job, from its data. Throws when the job is not one of drover's. */
export function requestIn(data: JobData | FormerJobData): Request {
  return unpackRequest(typeof data === 'string' ? data : data.request);
}

/** The request of a job, or null when something else than drover has put the job into the queue. */
export function requestIfOwn({ id, data }: { id?: string | undefined; data: unknown }): Request | null {
  if (!/^.+\.[0-9a-f]{16}$/s.test(id ?? '')) return null;
  try {
    return requestIn(data as JobData | FormerJobData);
  } catch {
    return null;
  }
}

/** How a job was to start when it was handed out. Its consumer decides whether that still holds. */
export function startIn(job: { data: JobData | FormerJobData; name: string; timestamp: number }): JobStart {
  const { data, name, timestamp } = job;
  if (typeof data !== 'string') return startOf(data.start, data.server, data.givenAt);
  const [how, server] = name.split('@');
  return startOf(how === 'fetch' ? 'granted' : how, server, timestamp);
}

function startOf(kind: string | undefined, server = '', givenAt = 0): JobStart {
  if (kind === 'granted') return { kind, server, givenAt };
  return kind === 'ahead' ? { kind, givenAt } : { kind: 'ask' };
}
