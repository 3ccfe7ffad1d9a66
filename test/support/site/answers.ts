// The answers of the test site: its pages, robots.txt, and how a behaviour changes them.
import type { Behaviour } from './behaviours.ts';
import { type PageShape, pageAt, pageWriter } from './pages.ts';

export interface Request {
  method: string;
  path: string;
  host: string;
  close: boolean;
  /** The length of the request's body, which is read and not kept. */
  length: number;
  /** When the whole header had arrived, in milliseconds since 1970. */
  start: number;
}

export interface Answer {
  status: number;
  headers: string;
  /** The body as latin1: each character is one byte. */
  body: string;
}

const HTML = 'content-type: text/html; charset=utf-8\r\n';
const TEXT = 'content-type: text/plain; charset=utf-8\r\n';

/** The bytes of an answer to a request, as latin1. */
export function serialize({ method, close }: Request, { status, headers, body }: Answer): string {
  const connection = close ? 'connection: close\r\n' : '';
  const bodiless = status === 204 || status === 304;
  const length = bodiless ? '' : `content-length: ${body.length}\r\n`;
  const head = `HTTP/1.1 ${status} As-Told\r\n${headers}${connection}${length}\r\n`;
  return method === 'HEAD' || bodiless ? head : head + body;
}

/** A function that gives the answer for a path without a behaviour. */
export function usualAnswers({
  robots,
  ...shape
}: PageShape & { robots: string | null }): (path: string) => Answer {
  const page = pageWriter(shape);
  return (path) => {
    if (path === '/robots.txt' && robots !== null) return { status: 200, headers: TEXT, body: robots };
    const index = pageAt(path, shape.pages);
    return index === null
      ? { status: 404, headers: TEXT, body: 'There is no such page.\n' }
      : { status: 200, headers: HTML, body: page(index) };
  };
}

/** The usual answer, changed by the behaviour. */
export function answerOf(usual: Answer, behaviour: Behaviour | null): Answer {
  if (!behaviour) return usual;
  const { status, headers, body, retryAfter } = behaviour;
  const changed = { ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }), ...headers };
  const lines = Object.entries(changed).map(([name, value]) => `${name}: ${value}\r\n`);
  const asUsual = body === undefined && (status ?? usual.status) === usual.status;
  const content = headers && 'content-type' in headers ? '' : asUsual ? usual.headers : TEXT;
  const text = asUsual ? usual.body : Buffer.from(body ?? `This is status ${status}.\n`).toString('latin1');
  return { status: status ?? usual.status, headers: content + lines.join(''), body: text };
}
