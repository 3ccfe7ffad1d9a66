// The URLs with which the frontier is measured. They are made when they are needed, so that a list of
// millions takes no memory.

/** The length of each URL. The budget for the memory of Redis is for URLs of this length. */
export const URL_CHARACTERS = 50;

const LINES_A_CHUNK = 1000;

/** The limiter keys of a list over `hosts` hosts. */
export function hostsOf(hosts: number): string[] {
  return Array.from({ length: hosts }, (_, host) => hostAt(host));
}

function hostAt(host: number): string {
  return `shop-${String(host).padStart(6, '0')}.example`;
}

/**
 * The URL number `n` of a list over `hosts` hosts. Up to 2^32 URLs are all different. Each URL is of another
 * host than the one before, which is the most expensive order to offer: a batch changes as many lanes as
 * possible. Half of the path is unpredictable, because lanes are compressed, and consecutive numbers would
 * compress too well.
 */
export function urlAt(n: number, hosts: number): string {
  const host = hostAt(n % hosts);
  const id =
    scattered(n).toString(36).padStart(7, '0') + scattered(~n).toString(36).slice(-5).padStart(5, '0');
  return `https://${host}/item/${id}.html`;
}

/** Maps each 32-bit number to another one, in no visible order (the finalizer of MurmurHash3). */
function scattered(n: number): number {
  let mixed = n ^ (n >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** The URLs number `first` to `end` - 1 as the bytes of a list, one URL on each line. */
export function* listOf(first: number, end: number, hosts: number): Generator<Buffer> {
  for (let at = first; at < end; at += LINES_A_CHUNK) {
    let lines = '';
    for (let n = at; n < Math.min(end, at + LINES_A_CHUNK); n++) lines += `${urlAt(n, hosts)}\n`;
    yield Buffer.from(lines);
  }
}
