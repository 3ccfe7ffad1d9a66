import assert from 'node:assert/strict';
import test from 'node:test';
import { readNoProxy } from '../../../../src/fetch/proxy/no-proxy.ts';

const cases: [string, string, boolean][] = [
  ['', 'http://example.com/', false],
  ['*', 'http://example.com/', true],
  ['a.test,*', 'http://example.com/', false],
  ['example.com', 'http://example.com/', true],
  ['example.com', 'http://a.example.com/', true],
  ['.example.com', 'http://a.example.com/', true],
  ['.example.com', 'http://example.com/', true],
  ['*.example.com', 'http://a.example.com/', true],
  ['EXAMPLE.com.', 'http://example.com/', true],
  ['example.com', 'http://example.com./', true],
  ['example.com', 'http://badexample.com/', false],
  ['ample.com', 'http://example.com/', false],
  ['a.test, example.com', 'http://example.com/', true],
  ['a.test example.com', 'http://example.com/', true],
  ['a.test,,example.com,', 'http://example.com/', true],
  ['example.com:8080', 'http://example.com:8080/', true],
  ['example.com:8080', 'http://example.com/', false],
  ['example.com:443', 'https://example.com/', true],
  ['127.0.0.1', 'http://127.0.0.1:99/', true],
  ['127.0.0.1:98', 'http://127.0.0.1:99/', false],
  ['1', 'http://127.0.0.1/', false],
  ['0.0.1', 'http://127.0.0.1/', false],
  ['10.0.0.0/8', 'http://10.200.3.4/', true],
  ['10.0.0.0/8', 'http://11.0.0.1/', false],
  ['10.0.0.0/8', 'http://ten.test/', false],
  ['10.0.0.0/99', 'http://10.0.0.1/', false],
  ['::1', 'http://[::1]/', true],
  ['[::1]', 'http://[::1]/', true],
  ['[::1]:80', 'http://[::1]/', true],
  ['[::1]:81', 'http://[::1]/', false],
  ['fd00::/8', 'http://[fd12::1]/', true],
  ['localhost', 'http://localhost:3000/', true],
];

for (const [text, url, isDirect] of cases)
  test(`${JSON.stringify(text)}: ${url} ${isDirect ? 'without' : 'with'} a proxy`, () =>
    assert.equal(readNoProxy(text)(new URL(url)), isDirect));
