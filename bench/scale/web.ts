// The web that the simulator crawls, made up by arithmetic: hosts of very different sizes, pages, their
// links. Nothing of it is kept, but a sample of the pages that are known already.

/** What the web is like. */
export interface Web {
  hosts: number;
  /** Links of each page. */
  links: number;
  /** Share of the links whose URL was found before. */
  known: number;
  /** Share of the links that lead to other hosts. */
  abroad: number;
  /** Share of the hosts that obey a clock (a delay between two starts). */
  timed: number;
}

/** A page: its number, which no other page has, and the number of its host. */
export interface WebPage {
  number: number;
  host: number;
}

/** The pattern of the hosts with a clock, as the setting `hosts` has it. */
export const TIMED_HOSTS = '*.slow.example';

/** The length of each URL: the same as in bench/frontier, so that bytes can be compared. */
const NUMBER_DIGITS = 6;
/** Of a page that finds more than one new page at its own host, hosts would grow without end. */
const MOST_NEW_OF_OWN_HOST = 0.8;

/** Maps two numbers to one of 32 bits, in no visible order (the finalizer of MurmurHash3). */
export function mixed(n: number, salt: number): number {
  let bits = Math.imul(n ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b) ^ (n >>> 16);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  bits ^= bits >>> 16;
  bits = Math.imul(bits, 0x85ebca6b);
  return (bits ^ (bits >>> 13)) >>> 0;
}

/** A number from 0 to below 1. */
const drawn = (n: number, salt: number) => mixed(n, salt) / 2 ** 32;

/**
 * The number of a host that a link leads to. Host 0 is the largest: by Zipf's law, host n gets a share of
 * about 1 / (n + 1) of it.
 */
export function hostDrawn(draw: number, hosts: number): number {
  return Math.min(hosts, Math.floor((hosts + 1) ** draw)) - 1;
}

/** Its host name, which is its limiter key: `001234.shop.example`. Hosts with a clock are `.slow.example`. */
export function hostNameOf(host: number, timed: number): string {
  return `${String(host).padStart(6, '0')}.${drawn(host, 1) < timed ? 'slow' : 'shop'}.example`;
}

/** The URL of a page, of 50 characters. Half of the path is unpredictable, because lanes are compressed. */
export function pageUrl({ number, host }: WebPage, web: Web): string {
  const id =
    number.toString(36).padStart(NUMBER_DIGITS, '0') + mixed(number, 2).toString(36).padStart(7, '0');
  return `https://${hostNameOf(host, web.timed)}/item/${id}.htm`;
}

/** The inverse of pageUrl. */
export function pageAtUrl(url: string): WebPage {
  const at = url.indexOf('/item/') + 6;
  return { host: Number(url.slice(8, 14)), number: Number.parseInt(url.slice(at, at + NUMBER_DIGITS), 36) };
}

/** In how many dispatches from now the page ends: 1 to 4, always the same for a host. */
export const dispatchesOf = ({ host }: WebPage) => 1 + (mixed(host, 3) % 4);

const SLOTS = 2 ** 20;
const SLOTS_OF_HOST = 8;

/** A sample of the pages that are known: up to some 8 of each host, the newest, and of all pages. 16 MB. */
export class KnownPages {
  readonly #hosts = new Uint32Array(2 * SLOTS);
  /** The page's number + 1; 0 for none. The first half is by host, the second takes all in order. */
  readonly #numbers = new Uint32Array(2 * SLOTS);
  #noted = 0;

  note(page: WebPage): void {
    this.#put(slotOf(page.host, mixed(page.number, 4)), page);
    // When it is full, a new page takes the slot of any other.
    const slot = this.#noted < SLOTS ? this.#noted : mixed(page.number, 8) % SLOTS;
    this.#put(SLOTS + slot, page);
    this.#noted++;
  }

  #put(slot: number, { number, host }: WebPage): void {
    this.#hosts[slot] = host;
    this.#numbers[slot] = number + 1;
  }

  ofHost(host: number, draw: number): WebPage | null {
    const page = this.#at(slotOf(host, draw));
    return page?.host === host ? page : null;
  }

  any(draw: number): WebPage | null {
    return this.#at(SLOTS + (draw % Math.max(1, Math.min(SLOTS, this.#noted))));
  }

  #at(slot: number): WebPage | null {
    const number = this.#numbers[slot] ?? 0;
    return number === 0 ? null : { number: number - 1, host: this.#hosts[slot] ?? 0 };
  }
}

const slotOf = (host: number, draw: number) => (mixed(host, 5) + (draw % SLOTS_OF_HOST)) % SLOTS;

/**
 * The links of a page. The new ones get their numbers from `nextNumber`; the known ones are of the sample, or
 * the page itself while the sample has none.
 */
export function linksOf(page: WebPage, web: Web, known: KnownPages, nextNumber: () => number): WebPage[] {
  const draw = (salt: number) => drawn(page.number, salt);
  const mean = web.links * (1 - web.known);
  const fresh = Math.min(web.links, Math.floor(mean + draw(6)));
  const ownShare = Math.min(1 - web.abroad, MOST_NEW_OF_OWN_HOST / mean);
  return Array.from({ length: web.links }, (_, index) => {
    const [where, which] = [draw(10 + 2 * index), mixed(page.number, 11 + 2 * index)];
    if (index < fresh) {
      const host = where < ownShare ? page.host : hostDrawn(which / 2 ** 32, web.hosts);
      return { number: nextNumber(), host };
    }
    return (where < web.abroad ? known.any(which) : known.ofHost(page.host, which)) ?? page;
  });
}
