import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { freshTokenBy } from '../../../../src/fetch/credentials/fresh-token.ts';
import { BearerKeeper, DigestKeeper } from '../../../../src/fetch/credentials/keepers.ts';
import { temporaryFile } from '../../../support/temporary.ts';

const asked = { origin: 'https://example.com', method: 'GET', uri: '/' };
const refused = (challenge = '') => ({ status: 401, challenge, info: '' });
const fine = { status: 200, challenge: '', info: '' };
const nonceIn = (header: string | null) => /\bnonce="([^"]*)"/.exec(header ?? '')?.[1];
const countIn = (header: string | null) => /\bnc=(\w+)/.exec(header ?? '')?.[1];
const digest = (nonce: string, more = '') => refused(`Digest realm="r", qop="auth", nonce="${nonce}"${more}`);

test('digest: nothing before the challenge, then its nonce with a count, and the next one that is named', () => {
  const keeper = new DigestKeeper({ user: 'u', password: 'p' });
  assert.equal(keeper.authorize(asked), null);
  const first = keeper.answered(asked, null, digest('one'), false);
  assert.deepEqual([nonceIn(first), countIn(first)], ['one', '00000001']);
  keeper.answered(asked, first, fine, true);
  const second = keeper.authorize(asked);
  assert.deepEqual([nonceIn(second), countIn(second)], ['one', '00000002']);
  keeper.answered(asked, second, { ...fine, info: 'nextnonce="two"' }, false);
  const third = keeper.authorize(asked);
  assert.deepEqual([nonceIn(third), countIn(third)], ['two', '00000001']);
});

test('digest: a login that was refused is not sent twice again, but a stale nonce is answered', () => {
  const keeper = new DigestKeeper({ user: 'u', password: 'wrong' });
  const first = keeper.answered(asked, null, digest('one'), false);
  assert.equal(keeper.answered(asked, first, digest('two'), true), null);
  const next = keeper.authorize(asked);
  assert.equal(keeper.answered(asked, next, digest('three'), false), null);
  assert.equal(nonceIn(keeper.answered(asked, next, digest('four', ', stale=TRUE'), false)), 'four');
});

test('digest: a nonce that has run out is replaced, also where the server does not say stale', () => {
  const keeper = new DigestKeeper({ user: 'u', password: 'p' });
  const first = keeper.answered(asked, null, digest('one'), false);
  keeper.answered(asked, first, fine, true);
  const second = keeper.authorize(asked);
  assert.equal(nonceIn(keeper.answered(asked, second, digest('two'), false)), 'two');
});

test('digest: a challenge that cannot be answered is left as it is', () => {
  const keeper = new DigestKeeper({ user: 'u', password: 'p' });
  assert.equal(keeper.answered(asked, null, refused('Basic realm="r"'), false), null);
  assert.equal(
    keeper.answered(asked, null, { status: 403, challenge: digest('n').challenge, info: '' }, false),
    null,
  );
});

test('bearer: many requests with the same old token have it refreshed once', async () => {
  let calls = 0;
  const keeper = new BearerKeeper(null, async () => {
    await sleep(5);
    return `token${++calls}`;
  });
  const first = await Promise.all(Array.from({ length: 5 }, () => keeper.authorize()));
  assert.deepEqual(new Set(first), new Set(['Bearer token1']));
  // It has just been refreshed: a page that refuses it is not allowed to them.
  assert.equal(await keeper.answered(asked, 'Bearer token1', refused(), false), null);
  const given = new BearerKeeper('old', async () => `new${++calls}`);
  assert.equal(await given.authorize(), 'Bearer old');
  const again = Array.from({ length: 5 }, () => given.answered(asked, 'Bearer old', refused(), false));
  assert.deepEqual(new Set(await Promise.all(again)), new Set(['Bearer new2']));
  assert.equal(await given.answered(asked, 'Bearer old', refused(), false), 'Bearer new2');
  assert.equal(await given.answered(asked, 'Bearer new2', refused(), true), null);
  assert.equal(calls, 2);
});

test('bearer: after a failure the hook is left alone for a while', async () => {
  let calls = 0;
  const keeper = new BearerKeeper(null, async () => {
    calls++;
    throw new Error('no');
  });
  for (let n = 0; n < 3; n++) await assert.rejects(keeper.authorize(), { code: 'E_CREDENTIALS' });
  assert.equal(calls, 1);
});

const hook = (code: string) => temporaryFile('token.mjs', code);

test('the hook of the user is given the origin, and has a time limit', async () => {
  const path = await hook('export default async ({ origin }) => Buffer.from(origin).toString("base64");');
  assert.equal(await freshTokenBy(path, asked.origin)(), Buffer.from(asked.origin).toString('base64'));
  const slow = await hook('export default () => new Promise((resolve) => setTimeout(resolve, 500, "late"));');
  await assert.rejects(freshTokenBy(slow, asked.origin, 50)(), {
    code: 'E_CREDENTIALS',
    message: /https:\/\/example\.com: .*token\.mjs: it took longer than 0\.05 s/,
  });
});

test('a hook that does not do what it should is said, without what looks like a secret', async () => {
  const wrong: [string, RegExp][] = [
    ['export const a = 1;', /its default export is no function/],
    ['export default () => 7;', /it returned no text/],
    ['export default () => "two words";', /a token holds visible ASCII characters alone/],
    [
      'export default () => { throw new Error("Bearer abcdefghijkl is old"); };',
      /Bearer \[redacted\] is old/,
    ],
    ['not javascript', /token\.mjs: /],
  ];
  for (const [code, message] of wrong)
    await assert.rejects(freshTokenBy(await hook(code), asked.origin)(), { code: 'E_CREDENTIALS', message });
});
