import assert from 'node:assert/strict';
import test from 'node:test';
import { readHostFile, readNamedHost, readResolveEntry } from '../../../src/config/network-forms.ts';

test('an entry of --resolve has a host or *, a port and addresses, as curl writes it', () => {
  const right: [string, unknown][] = [
    ['example.com:443:192.0.2.7', { host: 'example.com', port: 443, addresses: ['192.0.2.7'] }],
    ['Bücher.example:80:192.0.2.7', { host: 'xn--bcher-kva.example', port: 80, addresses: ['192.0.2.7'] }],
    [
      '*:8080:192.0.2.7,[2001:db8::7],::1',
      { host: '*', port: 8080, addresses: ['192.0.2.7', '2001:db8::7', '::1'] },
    ],
  ];
  for (const [text, entry] of right) assert.deepEqual(readResolveEntry(text), entry, text);
});

test('an entry of --resolve that is wrong says what is', () => {
  const wrong: [string, RegExp][] = [
    ['example.com:192.0.2.7', /expected HOST:PORT:ADDRESS/],
    ['example.com:443:', /expected HOST:PORT:ADDRESS/],
    ['example.com:443:other.example', /"other\.example" is no IP address/],
    ['example.com:443:192.0.2.7,', /"" is no IP address/],
    ['example.com:0:192.0.2.7', /port from 1 to 65535/],
    ['example.com:70000:192.0.2.7', /port from 1 to 65535/],
    ['192.0.2.1:80:192.0.2.7', /never looked up/],
    ['[2001:db8::1]:80:192.0.2.7', /never looked up/],
    ['https://example.com:443:192.0.2.7', /expected HOST:PORT:ADDRESS/],
  ];
  for (const [text, why] of wrong) assert.throws(() => readResolveEntry(text), why, text);
});

test('a named host is one host, never a pattern', () => {
  assert.deepEqual(readNamedHost('Example.com'), { host: 'example.com', port: null });
  assert.deepEqual(readNamedHost('example.com:8443'), { host: 'example.com', port: 8443 });
  assert.deepEqual(readNamedHost('[::1]:443'), { host: '::1', port: 443 });
  for (const text of ['*', '*.example.com', 'example.com:*'])
    assert.throws(() => readNamedHost(text), /one host/);
  for (const text of ['', 'a/b', 'https://example.com', '::1']) assert.throws(() => readNamedHost(text));
});

test('a file is for the host before its =, and a path with slashes before one is no host', () => {
  const of = { host: 'example.com', port: 8443 };
  assert.deepEqual(readHostFile('example.com:8443=a=b.pem'), { of, path: 'a=b.pem' });
  assert.deepEqual(readHostFile('./a=b.pem'), { of: null, path: './a=b.pem' });
  assert.deepEqual(readHostFile('/etc/client.pem'), { of: null, path: '/etc/client.pem' });
  for (const text of ['', '*=a.pem', 'example.com=']) assert.throws(() => readHostFile(text), Error, text);
});
