// No connection is made to an address that is special and was not allowed, whatever a name server or a
// redirect says.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { AllowList } from '../../src/fetch/guard.ts';
import type { FetchResult } from '../../src/outcome.ts';
import { answered, closing, failed, fetcherFor, requestTo, textOf } from '../support/fetching.ts';
import { startNameServer } from '../support/name-server.ts';
import { until } from '../support/signals.ts';
import { answerOf, startRaw, startSending } from '../support/site/hostile.ts';

const nothing: AllowList = { cidrs: [], hosts: [] };
/** One address of loopback stands for the public ones, so that no test sends anything beyond this machine. */
const standIn: AllowList = { cidrs: ['127.0.0.2/32'], hosts: [] };

const spellings = (port: number) => [
  `http://127.0.0.1:${port}/`,
  `http://127.1:${port}/`,
  `http://2130706433:${port}/`,
  `http://0x7f.0.0.1:${port}/`,
  `http://0:${port}/`,
  `http://[::1]:${port}/`,
  `http://[::]:${port}/`,
  `http://[::ffff:127.0.0.1]:${port}/`,
  `http://[::127.0.0.1]:${port}/`,
  `http://[64:ff9b::7f00:1]:${port}/`,
  `http://[2002:7f00:1::]:${port}/`,
  `http://localhost:${port}/`,
  `http://any.localhost:${port}/`,
  `http://LOCALHOST.:${port}/`,
];

test('loopback is refused in every spelling, and nothing connects', async (t) => {
  const server = closing(t, await startSending(answerOf('secret')));
  const fetcher = fetcherFor(t);
  for (const url of spellings(server.port)) {
    const failure = failed(await fetcher.fetch(requestTo(url, { allow: nothing })), 'E_SSRF');
    assert.match(failure.message, /loopback|unspecified|ipv4Mapped/, url);
  }
  assert.equal(server.connections.accepted, 0);
});

test('a name that has a private address is refused; of several, only those allowed are tried', async (t) => {
  const server = closing(t, await startSending(answerOf('secret')));
  const names = closing(
    t,
    await startNameServer(() => ({ addresses: ['127.0.0.1', '::1', '10.0.0.1', '127.0.0.2'] })),
  );
  const fetcher = fetcherFor(t, { dnsServers: [names.address] });
  const url = `http://private.test:${server.port}/`;
  const failure = failed(await fetcher.fetch(requestTo(url, { allow: nothing })), 'E_SSRF');
  assert.match(failure.message, /private\.test has the address 127\.0\.0\.1 \(loopback\)/);
  // Nothing listens at 127.0.0.2; the server that does listen at 127.0.0.1 is left out.
  failed(await fetcher.fetch(requestTo(url, { allow: standIn })), 'E_CONNECT_REFUSED');
  assert.equal(server.connections.accepted, 0);
});

test('rebinding: a name that turns from an allowed address to loopback is never connected to there', async (t) => {
  const server = closing(t, await startSending(answerOf('secret')));
  let addresses = ['127.0.0.2'];
  const names = closing(t, await startNameServer(() => ({ addresses, ttlSeconds: 0 })));
  const fetcher = fetcherFor(t, { dnsServers: [names.address] });
  const request = requestTo(`http://rebind.test:${server.port}/`, { allow: standIn });
  failed(await fetcher.fetch(request), 'E_CONNECT_REFUSED');
  addresses = ['127.0.0.1'];
  // The first answer is kept for a second.
  await until(async () => codeOf(await fetcher.fetch(request)) !== 'E_CONNECT_REFUSED', {
    what: 'the new address',
  });
  failed(await fetcher.fetch(request), 'E_SSRF');
  assert.equal(server.connections.accepted, 0);
});

const codeOf = (result: FetchResult) => (result.ok ? 'answered' : result.failure.code);

test('the address that was checked is the one connected to: the name is not looked up a second time', async (t) => {
  const server = closing(t, await startSending(answerOf('hello')));
  const names = closing(
    t,
    await startNameServer((_name, _type, count) => ({
      addresses: [count === 1 ? '127.0.0.1' : '127.0.0.2'],
      ttlSeconds: 0,
    })),
  );
  const fetcher = fetcherFor(t, { dnsServers: [names.address] });
  const allow = { cidrs: ['127.0.0.1/32'], hosts: [] };
  const answer = answered(await fetcher.fetch(requestTo(`http://once.test:${server.port}/`, { allow })));
  assert.equal(answer.address, '127.0.0.1');
  assert.deepEqual(names.questions.toSorted(), ['A once.test', 'AAAA once.test']);
});

test('a redirect from an allowed host and port to another port of it is refused', async (t) => {
  const secret = closing(t, await startSending(answerOf('secret')));
  const location = `http://127.0.0.1:${secret.port}/admin`;
  const server = closing(t, await startSending(answerOf('', { Location: location }, '302 Found')));
  const allow = { cidrs: [], hosts: [`127.0.0.1:${server.port}`] };
  const asked: string[] = [];
  const beforeHop = async ({ url }: { url: string }) => {
    asked.push(url);
    return null;
  };
  const result = await fetcherFor(t).fetch(requestTo(server.url, { allow, beforeHop }));
  failed(result, 'E_SSRF');
  assert.ok(!result.ok && result.finalUrl === location);
  assert.deepEqual(asked, [location]);
  assert.equal(secret.connections.accepted, 0);
});

test('a redirect to a name with a private address is refused', async (t) => {
  const secret = closing(t, await startSending(answerOf('secret')));
  const location = `http://inside.test:${secret.port}/`;
  const server = closing(t, await startSending(answerOf('', { Location: location }, '307 Temporary')));
  const names = closing(t, await startNameServer(() => ({ addresses: ['127.0.0.1'] })));
  const fetcher = fetcherFor(t, { dnsServers: [names.address] });
  const allow = { cidrs: [], hosts: [`127.0.0.1:${server.port}`] };
  failed(await fetcher.fetch(requestTo(server.url, { allow })), 'E_SSRF');
  assert.equal(secret.connections.accepted, 0);
});

test('a connection that one allow-list let be made is not used under a stricter one', async (t) => {
  const server = closing(t, await startSending(answerOf('secret')));
  const fetcher = fetcherFor(t);
  answered(await fetcher.fetch(requestTo(server.url)));
  failed(await fetcher.fetch(requestTo(server.url, { allow: nothing })), 'E_SSRF');
  answered(await fetcher.fetch(requestTo(server.url)));
  assert.equal(server.connections.accepted, 1, 'under the same list it is used again');
});

test('a host and port that the operator named may have any address; a set of them may grow', async (t) => {
  const server = closing(t, await startSending(answerOf('hello')));
  const hosts = new Set<string>();
  const allow = { cidrs: [], hosts };
  const fetcher = fetcherFor(t);
  const request = requestTo(`http://localhost:${server.port}/`, { allow });
  failed(await fetcher.fetch(request), 'E_SSRF');
  hosts.add(`localhost:${server.port}`);
  assert.equal(textOf(answered(await fetcher.fetch(request))), 'hello');
});

test('a refusal by beforeHop ends the fetch before the hop', async (t) => {
  const server = closing(
    t,
    await startRaw((socket) => socket.write(answerOf('', { Location: '/next' }, '302 Found'))),
  );
  const refusal = { code: 'E_ROBOTS', layer: 'robots', message: 'not there' } as const;
  const result = await fetcherFor(t).fetch(requestTo(server.url, { beforeHop: async () => refusal }));
  assert.ok(!result.ok && result.failure === refusal);
  assert.equal(result.finalUrl, `${server.url}next`);
  assert.equal(server.requests.length, 1);
});
