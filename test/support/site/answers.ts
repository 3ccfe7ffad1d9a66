// What the test site answers: its pages, robots.txt, and whatever a behaviour makes of them.
import type { Behaviour } from './behaviours.ts';
import { type PageShape, pageAt, pageWriter } from './pages.ts';

export interface Request {
  method: string;
  path: string;
  host: string;
  close: boolean;
  /** Length of the request's body, which is read and dropped. */
  length: number;
  /** When its header had come: milliseconds since 1970. */
  start: number;
}

export interface Answer {
  status: number;
  headers: string;
  /** latin1: one character a byte. */
  body: string;
}

const HTML = 'content-type: text/html; charset=utf-8\r\n';
const TEXT = 'content-type: text/plain; charset=utf-8\r\n';

/** The answer as it goes over the wire, latin1. */
export function serialize({ method, close }: Request, { status, headers, body }: Answer): string {
  const connection = close ? 'connection: close\r\n' : '';
  const bodiless = status === 204 || status === 304;
  const length = bodiless ? '' : `content-length: ${body.length}\r\n`;
  const head = `HTTP/1.1 ${status} As-Told\r\n${headers}${connection}${length}\r\n`;
  return method === 'HEAD' || bodiless ? head : head + body;
}

/** What a path gives as long as no rule says otherwise. */
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

/** The usual answer, changed as the behaviour says. */
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
