// The URLs that the frontier is measured with: made as they are needed, so that a list of millions takes no memory.

/** The length of each, which is what the budget of Redis' memory speaks of. */
export const URL_CHARACTERS = 50;

const LINES_A_CHUNK = 1000;

/** The limiter keys of a list over so many hosts. */
export function hostsOf(hosts: number): string[] {
  return Array.from({ length: hosts }, (_, host) => hostAt(host));
}

function hostAt(host: number): string {
  return `shop-${String(host).padStart(6, '0')}.example`;
}

/**
 * The URL of number `n` of a list over so many hosts; up to 2^32 are all different. One follows the other from host to host, which is
 * the hardest order to offer: a batch touches as many lanes as there can be. Half of the path can not be guessed from the one before it:
 * lanes are compressed, and numbers that only count up would flatter that.
 */
export function urlAt(n: number, hosts: number): string {
  const host = hostAt(n % hosts);
  const id =
    scattered(n).toString(36).padStart(7, '0') + scattered(~n).toString(36).slice(-5).padStart(5, '0');
  return `https://${host}/item/${id}.html`;
}

/** Another number of 32 bits for each number of 32 bits, in no order (the finalizer of MurmurHash3). */
function scattered(n: number): number {
  let mixed = n ^ (n >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** The numbers from `first` up to `end` (not with it) as the bytes of a list, one URL on each line. */
export function* listOf(first: number, end: number, hosts: number): Generator<Buffer> {
  for (let at = first; at < end; at += LINES_A_CHUNK) {
    let lines = '';
    for (let n = at; n < Math.min(end, at + LINES_A_CHUNK); n++) lines += `${urlAt(n, hosts)}\n`;
    yield Buffer.from(lines);
  }
}
