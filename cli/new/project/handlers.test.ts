// Tests of the handlers without a network, on a page of the demonstration museum that is in saved/.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { testHandler } from 'drover';
import { listPage, objectPage } from './handlers.ts';

const site = 'http://127.0.0.1:8765';
const saved = (name: string) => readFile(join(import.meta.dirname, 'saved', name), 'utf8');

test('the page of an object gives its name and its year', async () => {
  const url = `${site}/objects/clocks-3`;
  const { matched, items, requests, error } = await testHandler(objectPage, {
    url,
    html: await saved('object.html'),
  });
  assert.equal(error, null);
  assert.equal(matched, true);
  assert.deepEqual(items, [{ name: 'Silver mantel clock', year: 1920 }]);
  assert.deepEqual(requests, []);
});

test('a page without a year is an error that names the field', async () => {
  const { error } = await testHandler(objectPage, { url: `${site}/objects/1`, html: '<h1>A clock</h1>' });
  assert.equal(error?.code, 'E_HANDLER_ITEM');
  assert.match(error.message, /item\.name/);
});

test('a list leads to its objects and to other lists', async () => {
  const html =
    '<a href="/objects/clocks-3">clock</a> <a href="/rooms/light">light</a> <a href="/about">x</a>';
  const { requests } = await testHandler(listPage, { url: `${site}/rooms/clocks`, html });
  assert.deepEqual(
    requests.map(({ url }) => url),
    [`${site}/objects/clocks-3`, `${site}/rooms/light`],
  );
});
