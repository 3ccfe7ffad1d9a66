import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import { type Failure, failure } from '../../../src/errors.ts';
import { isBlockedType, isTracker } from '../../../src/render/blocked.ts';
import { Traffic, type TrafficRules } from '../../../src/render/traffic.ts';

const rules = (more: Partial<TrafficRules> = {}): TrafficRules => ({
  allow: { cidrs: [], hosts: [] },
  ...{ loads: [], maxBytes: 1000 },
  mayAsk: async (url) => (url.includes('closed') ? failure('E_ROBOTS') : null),
  knowHost: async () => undefined,
  ...more,
});
const codeOf = (verdict: Failure | 'blocked' | null) =>
  typeof verdict === 'string' || verdict === null ? verdict : verdict.code;

test('a request is judged by its URL, and what is refused is named once', async () => {
  const traffic = new Traffic(rules());
  for (const [url, code] of [
    ['https://shop.example/a', null],
    ['https://closed.example/a', 'E_ROBOTS'],
    ['http://10.0.0.1/', 'E_SSRF'],
    ['http://user:secret@10.0.0.2/#x', 'E_SSRF'],
    ['http://[::ffff:127.0.0.1]/', 'E_SSRF'],
    ['http://localhost/', 'E_SSRF'],
    ['http://shop.example:25/', 'E_PORT'],
    ['https://www.google-analytics.com/collect', 'blocked'],
  ] as const)
    assert.equal(codeOf(await traffic.judge(url)), code, url);
  await traffic.judge('http://10.0.0.1/');
  const { refused } = traffic.told([]);
  assert.deepEqual(refused[1], { url: 'http://10.0.0.1/', code: 'E_SSRF' });
  assert.equal(refused.length, 6);
  assert.ok(!JSON.stringify(refused).includes('secret'));
});

test('a tunnel passes to an origin of which a URL was allowed, else by what robots.txt says of /', async () => {
  const mayAsk: TrafficRules['mayAsk'] = async (url) =>
    url.endsWith('/cdn/x.js') ? null : failure('E_ROBOTS');
  const traffic = new Traffic(rules({ mayAsk }));
  assert.equal(codeOf(await traffic.judgeTunnel('other.example:443')), 'E_ROBOTS');
  assert.equal(await traffic.judge('https://shop.example/cdn/x.js'), null);
  assert.equal(await traffic.judgeTunnel('shop.example:443'), null);
  assert.equal(codeOf(await traffic.judgeTunnel('10.0.0.1:443')), 'E_SSRF');
});

test('beyond its bytes, a page gets nothing more', async () => {
  const traffic = new Traffic(rules());
  const [first, second] = [new PassThrough(), new PassThrough()];
  traffic.follow(first, 'https://shop.example/');
  first.write(Buffer.alloc(1001));
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(first.destroyed && traffic.isOver);
  traffic.follow(second, 'https://shop.example/');
  assert.ok(second.destroyed);
  assert.equal(traffic.told([]).refused[0]?.code, 'E_TOO_LARGE');
});

test('what is named is bounded', async () => {
  const traffic = new Traffic(rules());
  for (let i = 0; i < 60; i++) await traffic.judge(`http://10.0.0.1/${i}`);
  const { refused, leftOut } = traffic.told(Array.from({ length: 55 }, (_, i) => `https://h.example/${i}`));
  assert.deepEqual([refused.length, leftOut], [50, 15]);
});

test('images, fonts and media are not loaded unless they are asked for; trackers by their domain', () => {
  assert.ok(isBlockedType('image', []) && isBlockedType('font', []) && isBlockedType('media', []));
  assert.ok(!isBlockedType('image', ['images']) && !isBlockedType('script', []));
  assert.ok(isTracker('www.google-analytics.com') && isTracker('doubleclick.net'));
  assert.ok(!isTracker('example.com') && !isTracker('notdoubleclick.net'));
});
