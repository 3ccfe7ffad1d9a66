import assert from 'node:assert/strict';
import test from 'node:test';
import { isProxyAddress, numbered, readProxyAddress } from '../../../src/config/proxy-address.ts';
import { readProxyVariables } from '../../../src/config/proxy-variables.ts';

test('an address is read as curl reads it; its name has neither user nor password', () => {
  const read = (text: string) => {
    const { kind, host, port, user, password, name } = readProxyAddress(text);
    return [kind, host, port, user, password, name];
  };
  assert.deepEqual(read('http://p.test:3128'), ['http', 'p.test', 3128, null, '', 'http://p.test:3128']);
  assert.deepEqual(read('http://P.test:80/'), ['http', 'p.test', 80, null, '', 'http://p.test:80']);
  assert.deepEqual(read('p.test:3128'), ['http', 'p.test', 3128, null, '', 'http://p.test:3128']);
  assert.deepEqual(read('http://p.test'), ['http', 'p.test', 1080, null, '', 'http://p.test:1080']);
  assert.deepEqual(read('https://p.test'), ['https', 'p.test', 443, null, '', 'https://p.test:443']);
  assert.deepEqual(read('socks5://[::1]:9'), ['socks5', '::1', 9, null, '', 'socks5://[::1]:9']);
  assert.deepEqual(read('socks5h://u@p.test'), ['socks5', 'p.test', 1080, 'u', '', 'socks5://p.test:1080']);
  assert.deepEqual(read('http://u%40x:p%3A%2F%23@p.test:1'), [
    'http',
    'p.test',
    1,
    'u@x',
    'p:/#',
    'http://p.test:1',
  ]);
  assert.deepEqual(read('http://u:p:q@p.test:1').slice(3, 5), ['u', 'p:q']);
});

test('what cannot be read says what is wrong, and not what was given', () => {
  const wrong: [string, RegExp][] = [
    ['socks4://secret@p.test:1', /speaks http, https or socks5/],
    ['http://', /host of the proxy/],
    ['http://p.test:0', /port from 1/],
    ['http://p.test:99999', /port from 1/],
    ['http://u:secret%@p.test:1', /%25/],
    ['http://u:secret%0d%0aX@p.test:1', /control characters/],
    [`http://u:${'s'.repeat(256)}@p.test:1`, /255 bytes/],
    ['http://u:se/cret@p.test:1/path', /expected http/],
    ['http://p.test:1/?secret', /expected http/],
  ];
  for (const [text, says] of wrong)
    assert.throws(
      () => readProxyAddress(text),
      (error: Error) => {
        assert.match(error.message, says, text);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
});

test('the path of a list is told from an address', () => {
  const addresses = ['http://p', 'p.test:3128', '127.0.0.1:1', '[::1]:1'].filter(
    (text) => !text.startsWith('['),
  );
  assert.ok(addresses.every(isProxyAddress));
  assert.ok(['proxies.txt', './p:1/list', '/etc/proxies', 'p.test'].every((text) => !isProxyAddress(text)));
});

test('proxies of one address are told apart by numbers', () => {
  const three = ['http://a:1@p.test:1', 'http://q.test:1', 'http://b:2@p.test:1'].map(readProxyAddress);
  assert.deepEqual(
    numbered(three).map(({ name }) => name),
    ['http://p.test:1', 'http://q.test:1', 'http://p.test:1#2'],
  );
});

test('variables: lower case first, an empty one is none, ALL_PROXY for what has none, and HTTP_PROXY not in CGI', () => {
  const named = (environment: Record<string, string>) => {
    const { http, https, noProxy } = readProxyVariables(environment);
    return [http?.address, https?.address, noProxy];
  };
  assert.deepEqual(named({}), [undefined, undefined, '']);
  assert.deepEqual(named({ HTTP_PROXY: 'a', http_proxy: 'b', https_proxy: '', HTTPS_PROXY: 'c' }), [
    'b',
    'c',
    '',
  ]);
  assert.deepEqual(named({ http_proxy: '', ALL_PROXY: 'd', NO_PROXY: 'x', no_proxy: 'y' }), ['d', 'd', 'y']);
  assert.deepEqual(named({ HTTP_PROXY: 'a', REQUEST_METHOD: 'GET' }), [undefined, undefined, '']);
});
