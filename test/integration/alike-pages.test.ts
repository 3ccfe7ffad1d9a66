// A chain of numbered pages that differ in digits only ends early, one whose pages have texts of their own
// does not, and the summary says what ended what.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';

const ITEMS = 150;
const words = 'amber birch cedar dune ember frost grove heath iris jade'.split(' ');

test('alike pages end their chain, others do not; the summary names the limit and counts the links', async (t) => {
  const asked: string[] = [];
  const site = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const [, kind, text = '0'] = path.split('/');
    const number = Number(text);
    response.writeHead(path === '/robots.txt' ? 404 : 200, { 'content-type': 'text/html' });
    if (kind === 'day') response.end(`Day ${number}, 7 events <a href="/day/${number + 1}">next</a>`);
    else if (kind === 'item') {
      const own = `${words[number % 10]} ${words[Math.floor(number / 10) % 10]} ${'x'.repeat(number)} for ${number} euros`;
      response.end(`${own} ${number < ITEMS ? `<a href="/item/${number + 1}">next</a>` : ''}`);
    } else response.end('<a href="/day/1">calendar</a> <a href="/item/1">shop</a>');
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  t.after(() => site.close());
  const runner = await openCommandRunner();
  const seed = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
  const args = ['crawl', seed, '--crawl', 'c', '--max-alike', '20', '--no-adaptive', '--max-chain', '200'];
  const { code, stderr } = await runner.run(args);
  assert.equal(code, 0, stderr);
  const days = asked.filter((path) => path.startsWith('/day/'));
  assert.ok(days.length > 115 && days.length < 125, `${days.length} days`);
  assert.equal(asked.filter((path) => path.startsWith('/item/')).length, ITEMS);
  assert.deepEqual((await runner.status('c')).leftOut, { E_ALIKE: 1 });
  assert.match(stderr, /^Links left out\n {2}\S+ +E_ALIKE +1 +The page with the link ends a chain/m);
});
