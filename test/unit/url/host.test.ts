import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { hostnameOf, limiterKeyOf, originOf, registrableDomain } from '../../../src/url/host.ts';

test('http and https of one host on their default ports share a limiter key, other ports have their own', () => {
  assert.equal(limiterKeyOf('http://example.com/'), 'example.com');
  assert.equal(limiterKeyOf('https://example.com/a?b=//c:80/'), 'example.com');
  assert.equal(limiterKeyOf('http://example.com:8080/a'), 'example.com:8080');
  assert.equal(limiterKeyOf('https://example.com:80/'), 'example.com:80');
  assert.equal(limiterKeyOf('http://[::1]/'), '[::1]');
  assert.equal(limiterKeyOf('https://[::1]:8443/'), '[::1]:8443');
  assert.equal(limiterKeyOf('http://a/'), 'a');
});

test('no limiter key shows a user name or password', () => {
  assert.equal(limiterKeyOf('http://user:secret@example.com:81/@x'), 'example.com:81');
});

test('limiter key, origin and host name are those that the URL parser finds', () => {
  const host = fc.oneof(
    fc.domain(),
    fc.ipV4(),
    fc.ipV6().map((ip) => `[${ip}]`),
    fc.constantFrom('localhost', 'a.b.'),
  );
  const port = fc.oneof(
    fc.constant(''),
    fc.integer({ min: 1, max: 65_535 }).map((number) => `:${number}`),
  );
  const rest = fc.constantFrom('/', '/a:b@c/', '/?x=http://y/', '/a?b:80/');
  fc.assert(
    fc.property(fc.constantFrom('http', 'https'), host, port, rest, (scheme, name, colonPort, path) => {
      const { href, origin, hostname, host: key } = new URL(`${scheme}://${name}${colonPort}${path}`);
      assert.equal(limiterKeyOf(href), key);
      assert.equal(originOf(href), origin);
      assert.equal(hostnameOf(href), hostname);
    }),
    { numRuns: 2000 },
  );
});

const domains: [string, string][] = [
  ['example.com', 'example.com'],
  ['www.example.com', 'example.com'],
  ['a.b.example.co.uk', 'example.co.uk'],
  ['www.example.com.', 'example.com'],
  ['alice.github.io', 'alice.github.io'],
  ['www.alice.github.io', 'alice.github.io'],
  ['co.uk', 'co.uk'],
  ['www.xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['foo.bar.unknown-suffix', 'bar.unknown-suffix'],
  ['localhost', 'localhost'],
  ['127.0.0.1', '127.0.0.1'],
  ['[::1]', '[::1]'],
  ['[2001:db8::1]', '[2001:db8::1]'],
  ['_dmarc.example.com', 'example.com'],
];

test('the registrable domain follows the public suffix list; addresses and single labels are their own', () => {
  for (const [hostname, domain] of domains) assert.equal(registrableDomain(hostname), domain, hostname);
  for (const [hostname, domain] of domains)
    assert.equal(registrableDomain(hostname), domain, `${hostname}, remembered`);
});

test('the registrable domain stays right when more host names have come than are remembered', () => {
  for (let i = 0; i < 12_000; i++)
    assert.equal(registrableDomain(`h${i}.example${i % 7}.org`), `example${i % 7}.org`);
  assert.equal(registrableDomain('h0.example0.org'), 'example0.org');
});
