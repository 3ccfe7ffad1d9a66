// Fetches through proxies of every kind, against real servers that note who connected: nothing goes around
// the proxy, its words are never taken for the server's, and each failure says whose it was.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecure } from 'node:https';
import net, { type AddressInfo } from 'node:net';
import test from 'node:test';
import { answered, fetcherFor, requestTo, roomyTimeouts } from '../support/fetching.ts';
import { type OwnProxyOptions, PROXY_ADDRESS, startOwnProxy } from '../support/proxies/own-proxy.ts';
import { proxiedFetcher, proxiesFor } from '../support/proxies/proxied.ts';
import { certificate, failed, login, pem, startServer } from '../support/proxies/servers.ts';
import { testAuthority } from '../support/site/hostile-tls.ts';

const kinds: OwnProxyOptions[] = (['http', 'https', 'socks5'] as const).flatMap((kind) => [
  { kind, login: null },
  { kind, login },
]);

for (const options of kinds) {
  const { kind } = options;
  const how = options.login ? 'with user and password' : 'without';
  for (const isSecure of [false, true])
    test(`ten pages by ${isSecure ? 'https' : 'http'} through ${kind} ${how}: one tunnel, to the checked address, and the server sees the proxy alone`, async (t) => {
      const server = await startServer(t, { isSecure });
      const proxy = await startOwnProxy(t, { ...options, pem });
      const fetcher = proxiedFetcher(t, { proxy: [proxy.url] }, { ca: testAuthority });
      for (let page = 0; page < 10; page++) {
        const answer = answered(await fetcher.fetch(requestTo(`${server.url}/${page}`)));
        assert.equal(Buffer.from(answer.body).toString(), 'page');
        assert.equal(answer.address, '127.0.0.1');
        assert.equal(answer.proxy, `${kind}://127.0.0.1:${proxy.port}`);
      }
      assert.deepEqual(proxy.asked, [`127.0.0.1:${server.port}`]);
      assert.equal(server.connections.size, 1);
      assert.deepEqual(new Set(server.clients), new Set([PROXY_ADDRESS]));
      assert.ok(server.heads.every((head) => !Object.keys(head).some((name) => name.startsWith('proxy-'))));
    });
}

const wrong: [OwnProxyOptions, string, RegExp][] = [
  [{ kind: 'http', login }, 'E_PROXY_AUTH', /status 407, asked without/],
  [{ kind: 'socks5', login }, 'E_PROXY_AUTH', /no way of logging in/],
  [{ says: 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nhey' }, 'E_PROXY_AUTH', /status 401/],
  [{ says: 'HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nhey' }, 'E_PROXY_REFUSED', /status 403/],
  [{ says: 'HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\n\r\n' }, 'E_PROXY_REFUSED', /status 301/],
  [{ says: 'HTTP/1.1 404 Not Found\r\n\r\n' }, 'E_PROXY_REFUSED', /status 404/],
  [
    { says: 'HTTP/1.1 503 No\r\nX-Squid-Error: ERR_CONNECT_FAIL 111\r\n\r\n' },
    'E_PROXY_REFUSED',
    /ERR_CONNECT_FAIL 111/,
  ],
  [
    { says: 'HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfake' },
    'E_PROXY_REFUSED',
    /more than/,
  ],
  [{ says: 'nonsense\r\n\r\n' }, 'E_PROXY_CONNECT', /HPE_|Parse/],
  [{ says: '' }, 'E_PROXY_CONNECT', /ECONNRESET|hang up/],
  [{ says: `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n` }, 'E_PROXY_CONNECT', /OVERFLOW/],
  [{ kind: 'socks5', reply: 2 }, 'E_PROXY_REFUSED', /rules/],
  [{ kind: 'socks5', reply: 4 }, 'E_CONNECT_UNREACHABLE', /Through socks5/],
  [{ kind: 'socks5', reply: 5 }, 'E_CONNECT_REFUSED', /Through socks5/],
  [{ kind: 'socks5', reply: 99 }, 'E_PROXY_REFUSED', /reply 99/],
];

for (const [options, code, says] of wrong)
  test(`${options.kind ?? 'http'} ${JSON.stringify(options.says ?? options.reply ?? 'no login').slice(0, 50)}: ${code}, no page, and nothing reaches the server`, async (t) => {
    const server = await startServer(t);
    const proxy = await startOwnProxy(t, options);
    const anonymous = proxy.url.replace(/\/\/.*@/, '//');
    const fetcher = proxiedFetcher(t, { proxy: [anonymous] });
    const { failure } = failed(await fetcher.fetch(requestTo(server.url)));
    assert.equal(failure.code, code, failure.message);
    assert.match(failure.message, says);
    assert.doesNotMatch(failure.message, /p@ss/);
    assert.deepEqual(server.clients, []);
  });

test('a proxy where nothing listens: E_PROXY_CONNECT, and the fetch is not made without it', async (t) => {
  const server = await startServer(t);
  const proxy = await startOwnProxy(t);
  await proxy.kill();
  const fetcher = proxiedFetcher(t, { proxy: [proxy.url] });
  const result = failed(await fetcher.fetch(requestTo(server.url)));
  assert.equal(result.failure.code, 'E_PROXY_CONNECT');
  assert.match(result.failure.message, /127\.0\.0\.1:\d+: ECONNREFUSED/);
  assert.ok((result.againMs ?? 0) > 3000);
  assert.deepEqual(server.clients, []);
});

test('each limit tells who was slow: the proxy that accepts nobody is E_PROXY_CONNECT, the server behind it E_CONNECT_TIMEOUT', async (t) => {
  const silent = await startOwnProxy(t, { says: null });
  const behind = proxiedFetcher(t, { proxy: [silent.url] });
  const timeouts = { ...roomyTimeouts, connect: 200, tls: 300 };
  const slow = failed(await behind.fetch(requestTo('http://127.0.0.1:8/', { timeouts })));
  assert.equal(slow.failure.code, 'E_CONNECT_TIMEOUT');
  assert.match(slow.failure.message, /Through http:\/\/127\.0\.0\.1:\d+: Limit 200 ms/);
  // It accepts TCP and never speaks TLS.
  const deaf = net.createServer().listen(0, '127.0.0.1');
  await once(deaf, 'listening');
  t.after(() => void deaf.close());
  const { port } = deaf.address() as AddressInfo;
  const secure = proxiedFetcher(t, { proxy: [`https://127.0.0.1:${port}`] });
  const { failure } = failed(await secure.fetch(requestTo('http://127.0.0.1:8/', { timeouts })));
  assert.equal(failure.code, 'E_PROXY_CONNECT');
  assert.match(failure.message, /Limit 300 ms/);
});

test('the certificate is that of the server behind the tunnel: a wrong one is an error of TLS, not of the proxy', async (t) => {
  const server = await startServer(t, { isSecure: true });
  const proxy = await startOwnProxy(t);
  const fetcher = proxiedFetcher(t, { proxy: [proxy.url] });
  const { failure } = failed(await fetcher.fetch(requestTo(server.url)));
  assert.equal(failure.code, 'E_TLS_SELF_SIGNED');
  const other = createSecure({ cert: certificate('wrong-name'), key: certificate('wrong-name') });
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => void other.close());
  const named = proxiedFetcher(t, { proxy: [proxy.url] }, { ca: testAuthority });
  const { port } = other.address() as AddressInfo;
  const { failure: wrongName } = failed(await named.fetch(requestTo(`https://localhost:${port}`)));
  assert.equal(wrongName.code, 'E_TLS_WRONG_NAME');
});

test('of several proxies, one that fails is skipped within the fetch, and then left out; the record names the other', async (t) => {
  const server = await startServer(t);
  const [dead, alive] = [await startOwnProxy(t), await startOwnProxy(t)];
  await dead.kill();
  const proxies = proxiesFor({ proxy: [dead.url, alive.url] });
  const fetcher = fetcherFor(t, { proxies });
  for (let page = 0; page < 6; page++) {
    const answer = answered(await fetcher.fetch(requestTo(`${server.url}/${page}`)));
    assert.equal(answer.proxy, `http://127.0.0.1:${alive.port}`);
  }
  const [first, second] = proxies.standings();
  assert.deepEqual([first?.worked, first?.failed, second?.worked, second?.failed], [0, 1, 6, 0]);
  assert.ok((first?.leftOutMs ?? 0) > 0);
  assert.equal(first?.failure?.code, 'E_PROXY_CONNECT');
});

test('in turn: each proxy gets as many, each keeps its own tunnel for as long as the process lives', async (t) => {
  const server = await startServer(t);
  const three = [await startOwnProxy(t), await startOwnProxy(t), await startOwnProxy(t)];
  const fetcher = proxiedFetcher(t, { proxy: three.map(({ url }) => url) });
  for (let page = 0; page < 12; page++) answered(await fetcher.fetch(requestTo(`${server.url}/${page}`)));
  assert.equal(server.connections.size, 3);
  for (const proxy of three) assert.equal(proxy.asked.length, 1);
});

test('by host: every page of a host takes the same proxy, and hosts are spread over them', async (t) => {
  const server = await startServer(t);
  const leadsTo = () => ({ host: '127.0.0.1', port: server.port });
  const three = [];
  for (let count = 0; count < 3; count++) three.push(await startOwnProxy(t, { leadsTo }));
  const fetcher = proxiedFetcher(t, { proxy: three.map(({ url }) => url), proxyRotation: 'host' });
  const allow = { cidrs: ['0.0.0.0/0'], hosts: [] };
  const seen = new Map<string, Set<string | undefined>>();
  for (let host = 1; host <= 12; host++)
    for (let page = 0; page < 3; page++) {
      const { proxy } = answered(await fetcher.fetch(requestTo(`http://127.0.0.${host}/${page}`, { allow })));
      seen.set(String(host), (seen.get(String(host)) ?? new Set()).add(proxy));
    }
  assert.ok([...seen.values()].every((used) => used.size === 1));
  assert.equal(new Set([...seen.values()].flatMap((used) => [...used])).size, 3);
});

test('--per-proxy: no proxy has more in flight, and all pages come', async (t) => {
  const server = await startServer(t);
  let [now, most] = [0, 0];
  const slow = createServer((_request, response) => {
    most = Math.max(most, ++now);
    setTimeout(() => {
      now--;
      response.end('slow');
    }, 20);
  }).listen(0, '127.0.0.1');
  await once(slow, 'listening');
  t.after(() => slow.closeAllConnections());
  t.after(() => void slow.close());
  const proxy = await startOwnProxy(t);
  const fetcher = proxiedFetcher(t, { proxy: [proxy.url], perProxy: 2 });
  const url = `http://127.0.0.1:${(slow.address() as AddressInfo).port}/`;
  const results = await Promise.all(Array.from({ length: 10 }, () => fetcher.fetch(requestTo(url))));
  assert.ok(results.every(({ ok }) => ok));
  assert.equal(most, 2);
  assert.deepEqual(server.clients, []);
});

test('a function chooses: a proxy, none, or an error that says so', async (t) => {
  const server = await startServer(t);
  const proxy = await startOwnProxy(t);
  const asked: string[] = [];
  const fetcher = proxiedFetcher(t, {
    proxy: [
      ({ url, host }) => {
        asked.push(host);
        if (url.endsWith('/direct')) return null;
        if (url.endsWith('/bad')) return 'ftp://127.0.0.1:1';
        return proxy.url;
      },
    ],
  });
  assert.ok(answered(await fetcher.fetch(requestTo(`${server.url}/a`))).proxy);
  assert.equal(answered(await fetcher.fetch(requestTo(`${server.url}/direct`))).proxy, undefined);
  const { failure } = failed(await fetcher.fetch(requestTo(`${server.url}/bad`)));
  assert.equal(failure.code, 'E_PROXY_CHOICE');
  assert.deepEqual(server.clients, [PROXY_ADDRESS, '127.0.0.1']);
  assert.deepEqual(asked, ['127.0.0.1', '127.0.0.1', '127.0.0.1']);
});

test('what goes over the wire is kept without what is for the proxy', async (t) => {
  const server = await startServer(t);
  for (const proxyDns of [false, true]) {
    const proxy = await startOwnProxy(t, {
      login,
      leadsTo: () => ({ host: '127.0.0.1', port: server.port }),
    });
    const fetcher = proxiedFetcher(t, { proxy: [proxy.url], proxyDns });
    const heads: (string | null)[] = [];
    const url = proxyDns ? 'http://plain.test/' : server.url;
    const onExchange = ({ requestHead, address }: { requestHead: string; address: string | null }) =>
      void heads.push(requestHead, address);
    answered(await fetcher.fetch(requestTo(url, { onExchange })));
    assert.doesNotMatch(String(heads[0]), /proxy-authorization/i);
    assert.equal(heads[1], proxyDns ? null : '127.0.0.1');
  }
});
