// Pages that have a price (pay per crawl): who pays has signed the offer, no page costs more than the crawl
// allows, and all of them together no more than it may spend, however many consumers there are.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import type { OwnJwk } from '../../src/identity/keys.ts';
import { readPrice } from '../../src/identity/price.ts';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { authorityFile } from '../support/identity/site.ts';
import { BotVerifier } from '../support/identity/verifier.ts';
import { newNamespace } from '../support/producers.ts';
import { until } from '../support/signals.ts';

const fleets = openFleets();

interface Shop {
  origin: string;
  /** What was charged, in millionths. */
  charged: number;
  sold: number;
  /** Requests with an offer. */
  offers: number;
  wrong: string[];
}

interface ShopOptions {
  price?: string;
  charge?: string;
  pages?: number;
}

/** /p/N costs `price`, and is charged at `charge`. / links to all of them. */
async function startShop(
  t: test.TestContext,
  { keyid, jwk }: { keyid: string; jwk: OwnJwk },
  { price = 'USD 0.01', charge = price, pages = 20 }: ShopOptions = {},
): Promise<Shop> {
  const pem = readFileSync(new URL('../support/site/certificates/good.pem', import.meta.url));
  const verifier = new BotVerifier({ [keyid]: jwk });
  const shop: Shop = { origin: '', charged: 0, sold: 0, offers: 0, wrong: [] };
  const server = https.createServer(
    { key: pem, cert: pem },
    ({ method = '', url = '', headers }, response) => {
      const verdict = verifier.check({ method, path: url, scheme: 'https', headers });
      const offer = headers['crawler-max-price'];
      const [most, cost] = [readPrice(String(offer ?? '')), readPrice(price)];
      if (offer !== undefined) {
        shop.offers++;
        if (!('covered' in verdict) || !verdict.covered.includes('"crawler-max-price"'))
          shop.wrong.push(`${url}: the offer is not signed`);
        if (!url.startsWith('/p/')) shop.wrong.push(`${url}: an offer for what is free`);
      }
      const answer = (status: number, more: Record<string, string> = {}, body = '') =>
        response.writeHead(status, { 'content-type': 'text/html', ...more }).end(body);
      if (url === '/robots.txt') answer(404);
      else if (url === '/')
        answer(200, {}, Array.from({ length: pages }, (_, n) => `<a href="/p/${n}">${n}</a>`).join(''));
      else if (!most || !cost || most.micros < cost.micros) answer(402, { 'crawler-price': price });
      else {
        shop.sold++;
        shop.charged += readPrice(charge)?.micros ?? 0;
        answer(200, { 'crawler-charged': charge }, `<title>${url}</title>`);
      }
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  shop.origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return shop;
}

async function runnerWithKey(): Promise<{ runner: CommandRunner; own: { keyid: string; jwk: OwnJwk } }> {
  const runner = await openCommandRunner({
    NODE_EXTRA_CA_CERTS: authorityFile,
    REDIS_URL: fleets.url,
    DROVER_NAMESPACE: newNamespace(),
  });
  const made = ['identity', 'init', 'https://bot.example.com', '--json'];
  const [{ file, keyid }] = (await runner.json(made)) as [{ file: string; keyid: string }];
  return { runner, own: { keyid, jwk: JSON.parse(await readFile(file, 'utf8')).keys[0] } };
}

test('nothing is paid unless the crawl says so', async (t) => {
  const { runner, own } = await runnerWithKey();
  const shop = await startShop(t, own, { pages: 3 });
  const { code } = await runner.run([
    'crawl',
    `${shop.origin}/`,
    '--crawl',
    'c',
    '--identity',
    'auto',
    '--quiet',
  ]);
  assert.equal(code, 0);
  assert.deepEqual([shop.offers, shop.charged], [0, 0]);
  const records = (await runner.results('c')).filter(({ error }) => error?.code === 'E_PAYMENT');
  assert.equal(records.length, 3);
  assert.equal((await runner.status('c')).charged, null);
});

test('settings that do not fit together are refused before anything begins', async () => {
  const { runner } = await runnerWithKey();
  const cases: [string[], RegExp][] = [
    [['--max-price', 'USD 1', '--identity', 'auto'], /belong together/],
    [['--max-spend', 'USD 1', '--identity', 'auto'], /belong together/],
    [['--max-price', 'USD 1', '--max-spend', 'EUR 1', '--identity', 'auto'], /same currency/],
    [['--max-price', 'USD 1', '--max-spend', 'USD 1'], /needs --identity/],
    [['--max-price', '1', '--max-spend', 'USD 1'], /such as USD 0\.01/],
  ];
  for (const [args, says] of cases) {
    const { code, stderr } = await runner.run(['enqueue', 'https://127.0.0.1:1/', '--crawl', 'x', ...args]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, says);
  }
});

test('a page is paid for once, over the price it is not, and the summary says what was charged', async (t) => {
  const { runner, own } = await runnerWithKey();
  const shop = await startShop(t, own, { price: 'USD 0.02', charge: 'USD 0.015', pages: 4 });
  const pay = (name: string, ...args: string[]) =>
    runner.run(['crawl', `${shop.origin}/`, '--crawl', name, '--identity', 'auto', ...args]);
  const dear = await pay('dear', '--max-price', 'USD 0.01', '--max-spend', 'USD 1');
  assert.equal(dear.code, 0);
  assert.deepEqual([shop.offers, shop.wrong], [0, []]);
  const [refused] = (await runner.results('dear')).filter(({ error }) => error);
  assert.match(refused?.error?.message ?? '', /USD 0\.02.*more than --max-price USD 0\.01/);

  const paid = await pay('paid', '--max-price', 'USD 0.05', '--max-spend', 'USD 1');
  assert.equal(paid.code, 0, paid.stderr);
  assert.deepEqual([shop.sold, shop.charged, shop.wrong], [4, 60_000, []]);
  assert.match(paid.stderr, /USD 0\.06 charged/);
  assert.equal((await runner.status('paid')).charged, 'USD 0.06');
  const records = (await runner.results('paid')).filter(({ url }) => url.includes('/p/'));
  assert.ok(
    records.length === 4 &&
      records.every(({ ok, headers }) => ok && headers?.['crawler-charged'] === 'USD 0.015'),
  );
});

test('--max-spend holds over the whole fleet, even when a consumer is killed', async (t) => {
  const { runner, own } = await runnerWithKey();
  const shop = await startShop(t, own, { pages: 60 });
  const offered = await runner.run([
    ...['enqueue', `${shop.origin}/`, '--crawl', 'c', '--identity', 'auto', '--per-host', '8'],
    ...['--max-price', 'USD 0.01', '--max-spend', 'USD 0.25'],
  ]);
  assert.equal(offered.code, 0, offered.stderr);
  const consumers = [1, 2, 3].map(() => runner.start(['consume', '--processes', '1', '--quiet']));
  await until(() => shop.sold >= 5, { what: 'the first pages', deadlineMs: 20_000, everyMs: 1 });
  consumers[0]?.killGroup('SIGKILL');
  const isOver = async () => (await runner.status('c')).state === 'finished';
  await until(isOver, { what: 'the end of the crawl', deadlineMs: 90_000, everyMs: 200 });
  for (const consumer of consumers.slice(1)) consumer.kill('SIGTERM');
  assert.deepEqual(shop.wrong, []);
  assert.ok(shop.charged <= 250_000, `${shop.charged} charged`);
  assert.ok(shop.sold >= 10, `${shop.sold} sold`);
  const records = await runner.results('c');
  const left = records.filter(({ error }) => error?.code === 'E_PAYMENT');
  assert.ok(
    left.every(({ error }) => /spent what --max-spend allows/.test(error?.message ?? '')),
    JSON.stringify(left[0]),
  );
  assert.equal(records.length, 61);
});
