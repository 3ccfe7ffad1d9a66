// What travels with a job of the queue "requests": its request and how it starts, in named fields. They are packed and read here alone.
import { type Request, unpackRequest } from '../request.ts';

/**
 * How a job starts. granted: with a slot of its limiter key, which counts against that server's ceiling too ('' for none). ahead: it was handed
 * out ahead of its slot, and takes one that comes free where it is processed. ask: the gate must be asked. `givenAt`: when dispatch
 * decided so, in milliseconds since 1970.
 */
export type JobStart =
  | { kind: 'granted'; server: string; givenAt: number }
  | { kind: 'ahead'; givenAt: number }
  | { kind: 'ask' };

/** As it lies in Redis. Names of one letter would save nothing there: the memory of a job comes in steps of 16 or 32 bytes. */
export interface JobData {
  /** As packRequest made it. */
  request: string;
  start: JobStart['kind'];
  /** Of a granted slot, if it counts against a ceiling. */
  server?: string;
  /** Left out where the gate is asked anyway. */
  givenAt?: number;
}

/**
 * The former version kept the packed request alone, said by the job's name how it starts (`fetch`, `fetch@SERVER`, `ahead`, `ask`), and by its
 * timestamp when that was decided.
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

/** The request of a job, by its data. Throws on what is no job of drover's. */
export function requestIn(data: JobData | FormerJobData): Request {
  return unpackRequest(typeof data === 'string' ? data : data.request);
}

/** How a job was to start when it was handed out; whether that still holds is its consumer's to decide. */
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
