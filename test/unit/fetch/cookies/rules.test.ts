// Which lines of Set-Cookie are read at all, and to which paths a cookie goes.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MemoryJar } from '../../../../src/cookies/memory-jar.ts';
import { ChainCookies } from '../../../../src/fetch/cookies/chain-cookies.ts';
import { readableLines } from '../../../../src/fetch/cookies/rules.ts';

test('a cookie that poses as one with a prefix is not read', () => {
  const posing = [
    '=__Host-a=1; Path=/',
    ' = __Secure-a=1',
    '__host-a=1; Secure; Path=/',
    '__hOST-a',
    '__SECURE-b=1',
  ];
  assert.deepEqual(readableLines(posing), []);
  const real = ['__Host-a=1; Secure; Path=/', '__Secure-b=1; Secure', 'a=__Host-b', 'a', '=a'];
  assert.deepEqual(readableLines(real), real);
});

test('a name and value of 4,096 bytes are read, one more is not, however long the attributes are', () => {
  const whole = `a=${'x'.repeat(4094)}`;
  assert.deepEqual(readableLines([whole, `${whole}; Path=/${'p'.repeat(5000)}`, `${whole}x`]).length, 2);
});

test('of very many lines, the last ones are read', () => {
  const lines = Array.from({ length: 500 }, (_, index) => `a${index}=1`);
  assert.deepEqual(readableLines(lines), lines.slice(-180));
});

test('a Path is compared with the path of the page as both are written, escapes and all', () => {
  const paths = ['/caf%C3%A9', '/a%20b', '/a%2Fb', '/x%E4', '/100%25', '/plain'];
  for (const path of paths)
    for (const jar of [new MemoryJar({}), new ChainCookies()]) {
      const page = (under: string) => `https://www.example.com${under}/1`;
      jar.receive(page(path), [`a=1; Path=${path}`, 'own=2']);
      assert.deepEqual([...(jar.pairsFor(page(path)) ?? [])].sort(), ['a=1', 'own=2'], path);
      for (const other of paths.filter((each) => each !== path))
        assert.deepEqual(jar.pairsFor(page(other)) ?? [], [], `${path} at ${other}`);
    }
});
