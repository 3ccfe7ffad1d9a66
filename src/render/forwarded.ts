// The headers of requests and answers that pass drover's own proxy, as Node has them: a name, its value, the
// next name.
import type { IncomingMessage } from 'node:http';
import { nameIn } from '../fetch/cookies/rules.ts';

/** Headers of one connection (RFC 9110 section 7.6.1); they are not for the other end. */
const ofConnection = new Set([
  ...['connection', 'proxy-connection', 'proxy-authorization', 'keep-alive', 'te', 'trailer', 'upgrade'],
]);

export function forwardedHeaders({ headers, rawHeaders }: IncomingMessage): string[] {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return kept(rawHeaders, (name) => !ofConnection.has(name) && !named.has(name));
}

export function answerHeadersOf({ rawHeaders }: IncomingMessage): string[] {
  // Its body is framed anew.
  return kept(rawHeaders, (name) => !ofConnection.has(name) && name !== 'transfer-encoding');
}

/** Those with which a connection changes its protocol. */
export function upgradeHeaders({ headers }: IncomingMessage): string[] {
  return ['Connection', 'Upgrade', 'Upgrade', headers.upgrade ?? ''];
}

/** What the page alone knows of its request: a crawl cannot say it. */
const ofRequest = new Set([...ofConnection, 'host', 'content-length', 'content-type', 'content-encoding']);

/**
 * With those of the crawl and its session in place of the browser's. Of cookies, the browser's go in place of
 * the crawl's.
 */
export function withOwn(headers: readonly string[], own: Readonly<Record<string, string>>): string[] {
  const ours = new Map(
    Object.entries(own).flatMap(([name, value]): [string, string][] => {
      const lower = name.toLowerCase();
      return ofRequest.has(lower) ? [] : [[lower, value]];
    }),
  );
  if (ours.size === 0) return [...headers];
  const cookie = ours.get('cookie');
  if (cookie !== undefined) {
    const sent = headerIn(headers, 'cookie');
    const names = new Set(pairsOf(sent).map(nameIn));
    const others = pairsOf(cookie).filter((pair) => !names.has(nameIn(pair)));
    ours.set('cookie', [...others, ...pairsOf(sent)].join('; '));
  }
  return [...kept(headers, (name) => !ours.has(name)), ...[...ours].flat()];
}

function kept(headers: readonly string[], isKept: (name: string) => boolean): string[] {
  const some: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2)
    if (isKept((headers[i] as string).toLowerCase()))
      some.push(headers[i] as string, headers[i + 1] as string);
  return some;
}

function headerIn(headers: readonly string[], name: string): string {
  const at = headers.findIndex((one, index) => index % 2 === 0 && one.toLowerCase() === name);
  return at < 0 ? '' : (headers[at + 1] ?? '');
}

function pairsOf(cookies: string): string[] {
  return cookies.split(';').flatMap((pair) => pair.trim() || []);
}
