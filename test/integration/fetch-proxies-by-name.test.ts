// With --proxy-dns, the proxy is asked for names. What it says of itself is not a page, and the guard still
// refuses what the URL alone shows.
import assert from 'node:assert/strict';
import test from 'node:test';
import { answered, requestTo } from '../support/fetching.ts';
import { startOwnProxy } from '../support/proxies/own-proxy.ts';
import { proxiedFetcher } from '../support/proxies/proxied.ts';
import { failed, login, startServer } from '../support/proxies/servers.ts';
import { testAuthority } from '../support/site/hostile-tls.ts';

test('--proxy-dns: plain http in absolute form with the name, https by CONNECT with the name; the login goes to the proxy alone', async (t) => {
  const plain = await startServer(t);
  const secure = await startServer(t, { isSecure: true });
  const proxy = await startOwnProxy(t, {
    login,
    leadsTo: (host) => ({ host: '127.0.0.1', port: host === 'plain.test' ? plain.port : secure.port }),
  });
  const fetcher = proxiedFetcher(t, { proxy: [proxy.url], proxyDns: true }, { ca: testAuthority });
  for (let page = 0; page < 3; page++) {
    const answer = answered(await fetcher.fetch(requestTo(`http://plain.test/a?b=${page}`)));
    assert.equal(answer.address, null);
  }
  answered(
    await fetcher.fetch(
      requestTo('https://localhost:4433/x', { allow: { cidrs: ['127.0.0.0/8'], hosts: [] } }),
    ),
  );
  assert.deepEqual(
    proxy.asked.slice(0, 3),
    [0, 1, 2].map((page) => `http://plain.test/a?b=${page}`),
  );
  assert.equal(proxy.asked[3], 'localhost:4433');
  assert.equal(plain.heads[0]?.host, 'plain.test');
  assert.equal(plain.heads[0]?.url, '/a?b=0');
  assert.equal(plain.heads[0]?.['proxy-authorization'], undefined);
  assert.equal(await fetcher.addressOf('plain.test'), null);
  assert.equal(fetcher.lookUp(requestTo('http://plain.test/')), null);
});

test('--proxy-dns: what the proxy itself answers in absolute form is not a page', async (t) => {
  const proxy = await startOwnProxy(t, { login });
  const anonymous = proxy.url.replace(/\/\/.*@/, '//');
  const fetcher = proxiedFetcher(t, { proxy: [anonymous], proxyDns: true });
  const { failure } = failed(await fetcher.fetch(requestTo('http://plain.test/')));
  assert.equal(failure.code, 'E_PROXY_AUTH');
  const open = await startOwnProxy(t, { leadsTo: () => ({ host: '127.0.0.1', port: 1 }) });
  const other = proxiedFetcher(t, { proxy: [open.url], proxyDns: true });
  const refused = failed(await other.fetch(requestTo('http://plain.test/')));
  assert.equal(refused.failure.code, 'E_PROXY_REFUSED');
});

test('--proxy-dns: addresses in URLs, and localhost, are still refused', async (t) => {
  const proxy = await startOwnProxy(t);
  const fetcher = proxiedFetcher(t, { proxy: [proxy.url], proxyDns: true });
  const allow = { cidrs: [], hosts: [] };
  for (const url of [
    'http://127.0.0.1/',
    'http://10.0.0.1/',
    'http://[::1]/',
    'https://localhost/',
    'http://169.254.169.254/',
  ]) {
    const { failure } = failed(await fetcher.fetch(requestTo(url, { allow })));
    assert.equal(failure.code, 'E_SSRF', url);
  }
  assert.deepEqual(proxy.asked, []);
});
