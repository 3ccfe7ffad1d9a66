// Which port of a URL is that of another service.
import assert from 'node:assert/strict';
import test from 'node:test';
import { badPortOf } from '../../../src/url/ports.ts';

const cases: [url: string, port: number | null][] = [
  ['http://a.example/', null],
  ['http://a.example/x:25/?y=:6000', null],
  ['http://a.example:8080/', null],
  ['http://a.example:25/', 25],
  ['https://a.example:6000/x?y=1:2', 6000],
  ['http://[::1]/', null],
  ['http://[::25]/', null],
  ['http://[::1]:25/', 25],
  ['http://[fe80::25]:8080/', null],
  ['http://u:25@a.example/', null],
  ['http://u:p@a.example:25/', 25],
];

test('the port of the host counts, not what else of the URL looks like one', () => {
  for (const [url, port] of cases) assert.equal(badPortOf(url), port, url);
});

test('what the operator allows is no bad port', () => {
  assert.equal(badPortOf('http://a.example:25/', [25]), null);
  assert.equal(badPortOf('http://a.example:25/', [26]), 25);
});
