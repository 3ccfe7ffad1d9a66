// Which addresses are special: the registries of IANA, and IPv4 addresses inside of IPv6 ones.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { guardOf, specialRange } from '../../../src/fetch/guard.ts';

const publicAddresses = [
  '1.1.1.1',
  '8.8.8.8',
  '93.184.216.34',
  '172.15.255.255',
  '172.32.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '223.255.255.255',
  '2606:4700::1111',
  '2a00:1450:4001::1',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
];

/** One at each end of the ranges, and the embeddings. */
const specialAddresses = [
  '0.0.0.0',
  '0.255.255.255',
  '10.0.0.0',
  '10.255.255.255',
  '100.64.0.0',
  '100.127.255.255',
  '127.0.0.1',
  '127.255.255.255',
  '169.254.0.0',
  '169.254.169.254',
  '172.16.0.0',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '192.88.99.1',
  '192.168.0.0',
  '192.168.255.255',
  '198.18.0.0',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '224.0.0.1',
  '239.255.255.255',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fc00::1',
  'fdff::1',
  'fe80::1',
  'febf::1',
  'fec0::1',
  'ff02::1',
  '2001:db8::1',
  '3fff::1',
  '100::1',
  '5f00::1',
  '4000::1',
  '2001:10::1',
  '2001:2::1',
  '64:ff9b:1::8.8.8.8',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:169.254.169.254',
  '::127.0.0.1',
  '::10.0.0.1',
  '::ffff:0:127.0.0.1',
  '64:ff9b::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '2002:7f00:1::',
  '2002:c0a8:101::1',
  '2001:0:7f00:1::1',
  // Teredo: the client 192.168.1.1 with its bits flipped, behind the public server 65.54.227.120.
  '2001:0:4136:e378:8000:63bf:3f57:fefe',
]; // prettier-ignore

test('public addresses may be connected to', () => {
  for (const address of publicAddresses) assert.equal(specialRange(address), null, address);
});

test('special addresses may not, by themselves or inside of an IPv6 address', () => {
  for (const address of specialAddresses) assert.notEqual(specialRange(address), null, address);
});

test('any IPv4 address is judged the same, plain and inside of every kind of IPv6 address', () => {
  const part = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(fc.tuple(part, part, part, part), (parts) => {
      const plain = parts.join('.');
      const [a, b] = [(parts[0] << 8) | parts[1], (parts[2] << 8) | parts[3]].map((n) => n.toString(16));
      const special = specialRange(plain) !== null;
      for (const carrier of [`::ffff:${a}:${b}`, `64:ff9b::${a}:${b}`, `2002:${a}:${b}::1`]) {
        assert.equal(specialRange(carrier) !== null, special, `${plain} in ${carrier}`);
      }
    }),
  );
});

test('ranges allow what lies in them, and nothing beside', () => {
  const guard = guardOf({ cidrs: ['10.1.0.0/16', '192.168.1.7', 'fd00::/8'], hosts: [] });
  for (const address of ['10.1.0.1', '192.168.1.7', 'fd12::1', '::ffff:10.1.2.3', '8.8.8.8']) {
    assert.equal(guard.refuses(address), null, address);
  }
  for (const address of ['10.2.0.1', '192.168.1.8', 'fc00::1', '127.0.0.1', '::1']) {
    assert.notEqual(guard.refuses(address), null, address);
  }
});

test('named hosts are compared with their port, IPv6 in brackets', () => {
  const guard = guardOf({ cidrs: [], hosts: ['127.0.0.1:8000', '[::1]:80', 'intranet:443'] });
  assert.ok(guard.names('127.0.0.1', 8000));
  assert.ok(guard.names('::1', 80));
  assert.ok(guard.names('intranet', 443));
  assert.ok(!guard.names('127.0.0.1', 6379));
  assert.ok(!guard.names('intranet', 80));
});

test('equal lists have equal keys, in any order; others have others', () => {
  const key = (cidrs: string[], hosts: string[]) => guardOf({ cidrs, hosts }).key;
  assert.equal(key(['10.0.0.0/8', '::1'], ['a:80']), key(['::1', '10.0.0.0/8'], ['a:80']));
  const keys = [key([], []), key(['::1'], []), key([], ['a:80']), key([], ['a:80', 'b:80'])];
  assert.equal(new Set(keys).size, keys.length);
});

test('a list is compiled once for the same parts, and sets of hosts share nothing', () => {
  const [cidrs, hosts] = [['::1'], new Set<string>()];
  assert.equal(guardOf({ cidrs, hosts }), guardOf({ cidrs, hosts }));
  assert.notEqual(guardOf({ cidrs, hosts }).key, guardOf({ cidrs, hosts: new Set<string>() }).key);
});
