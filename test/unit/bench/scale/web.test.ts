import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { URL_CHARACTERS } from '../../../../bench/frontier/list.ts';
import {
  dispatchesOf,
  hostDrawn,
  hostNameOf,
  KnownPages,
  linksOf,
  pageAtUrl,
  pageUrl,
  type Web,
  type WebPage,
} from '../../../../bench/scale/web.ts';
import { limiterKeyOf } from '../../../../src/url/host.ts';
import { normalizeUrl } from '../../../../src/url/normalize.ts';

const web: Web = { hosts: 1000, links: 20, known: 0.9, abroad: 0.3, timed: 0.1 };
const aNumber = fc.nat(2 ** 31 - 1);
const aHost = fc.nat(999_999);

test('a URL says which page it is, is normalised, and as long as those of bench/frontier', () => {
  fc.assert(
    fc.property(aNumber, aHost, (number, host) => {
      const page = { number, host };
      const url = pageUrl(page, web);
      assert.deepEqual(pageAtUrl(url), page);
      assert.deepEqual(normalizeUrl(url), { url });
      assert.equal(url.length, URL_CHARACTERS);
      assert.equal(limiterKeyOf(url), hostNameOf(page.host, web.timed));
      assert.ok([1, 2, 3, 4].includes(dispatchesOf(page)));
    }),
  );
});

test('the hosts follow the law of Zipf: a few are large, and all may be drawn', () => {
  const hosts = 1000;
  const draws = Array.from({ length: 200_000 }, (_, n) => hostDrawn(n / 200_000, hosts));
  const share = (from: number, to: number) =>
    draws.filter((host) => host >= from && host < to).length / draws.length;
  const expected = (from: number, to: number) => Math.log((to + 1) / (from + 1)) / Math.log(hosts + 1);
  for (const [from, to] of [
    [0, 1],
    [1, 10],
    [10, 100],
    [100, 1000],
  ] as const)
    assert.ok(Math.abs(share(from, to) - expected(from, to)) < 0.001, `${from} to ${to}`);
  assert.equal(new Set(draws).size, hosts);
  assert.ok(draws.every((host) => host >= 0 && host < hosts));
});

test('a tenth of the hosts obeys a clock', () => {
  const names = Array.from({ length: 10_000 }, (_, host) => hostNameOf(host, 0.1));
  const timed = names.filter((name) => name.endsWith('.slow.example')).length;
  assert.ok(timed > 900 && timed < 1100, `${timed}`);
  assert.equal(new Set(names).size, names.length);
});

/** Follows the links of the first pages of a crawl that begins with page 0. */
function follow(pages: number) {
  const known = new KnownPages();
  const found: WebPage[] = [{ number: 0, host: 0 }];
  let [number, abroad, repeated, ofOwnHost] = [0, 0, 0, 0];
  for (let at = 0; at < pages; at++) {
    const page = found[at] as WebPage;
    known.note(page);
    const before = number;
    const links = linksOf(page, web, known, () => ++number);
    assert.equal(links.length, web.links);
    const fresh = links.filter((linked) => linked.number > before);
    found.push(...fresh);
    repeated += links.length - fresh.length;
    abroad += links.filter(({ host }) => host !== page.host).length;
    ofOwnHost += fresh.filter(({ host }) => host === page.host).length;
  }
  const links = pages * web.links;
  return { found, known: repeated / links, abroad: abroad / links, ownAPage: ofOwnHost / pages };
}

test('links are known, new and abroad in the shares that were asked for', () => {
  const { known, abroad, ownAPage } = follow(5000);
  assert.ok(Math.abs(known - web.known) < 0.005, `known ${known}`);
  assert.ok(Math.abs(abroad - web.abroad) < 0.05, `abroad ${abroad}`);
  assert.ok(ownAPage < 1, `with ${ownAPage} new pages of its own a page, a host would grow without end`);
});

test('a new page has a number of its own, and a known one was found before with the same host', () => {
  const { found } = follow(500);
  assert.deepEqual(
    found.map(({ number }) => number),
    found.map((_, index) => index),
  );
  const known = new KnownPages();
  for (const page of found) known.note(page);
  for (let draw = 0; draw < 5000; draw++) {
    const page = known.any(draw * 7919);
    assert.ok(page && found[page.number]?.host === page.host);
    const own = known.ofHost(page.host, draw);
    assert.ok(!own || (own.host === page.host && found[own.number]?.host === own.host));
  }
});
