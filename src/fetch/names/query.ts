// Asks the name servers for one name: for IPv4 and IPv6 addresses at the same time, with c-ares, which needs
// no thread.
import type { Resolver } from 'node:dns';

export type NameAnswer =
  | { kind: 'found'; addresses: string[]; ttlSeconds: number }
  | { kind: 'none' } // the name does not exist, or has no address
  | { kind: 'silent' } // no name server answered
  | { kind: 'temporary'; code: string };

/**
 * How long the answer for IPv6 is awaited after the answer for IPv4. RFC 8305 section 3 also recommends 50
 * ms.
 */
const graceMs = 50;

interface Found {
  address: string;
  ttl: number;
}

/**
 * Asks for A and AAAA records. `done` is called once, with IPv4 addresses first, and only after this function
 * returns.
 */
export function queryName(resolver: Resolver, name: string, done: (answer: NameAnswer) => void): void {
  let four: Found[] | string | null = null;
  let six: Found[] | string | null = null;
  let grace: NodeJS.Timeout | null = null;
  let ended = false;

  const end = () => {
    if (ended) return;
    ended = true;
    if (grace) clearTimeout(grace);
    done(combine(four ?? [], six ?? []));
  };
  resolver.resolve4(name, { ttl: true }, (error, records) => {
    four = error ? codeOf(error) : records;
    if (six !== null) end();
    else if (Array.isArray(four) && four.length > 0) grace = setTimeout(end, graceMs);
  });
  resolver.resolve6(name, { ttl: true }, (error, records) => {
    six = error ? codeOf(error) : records;
    if (four !== null) end();
  });
}

function codeOf(error: NodeJS.ErrnoException): string {
  return error.code ?? 'EUNKNOWN';
}

const noSuchName = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME', 'ENONAME']);

function combine(four: Found[] | string, six: Found[] | string): NameAnswer {
  const records = [...(Array.isArray(four) ? four : []), ...(Array.isArray(six) ? six : [])];
  if (records.length > 0) {
    return {
      kind: 'found',
      addresses: records.map((record) => record.address),
      ttlSeconds: Math.min(...records.map((record) => record.ttl)),
    };
  }
  const codes = [four, six].filter((code) => typeof code === 'string' && !noSuchName.has(code)) as string[];
  if (codes.length === 0) return { kind: 'none' };
  const other = codes.find((code) => code !== 'ETIMEOUT');
  return other ? { kind: 'temporary', code: other } : { kind: 'silent' };
}
