// The addresses of the dashboard’s views.
import assert from 'node:assert/strict';
import test from 'node:test';

const { readRoute, routeTo } = await import(
  new URL('../../../../src/api/dashboard/route.js', import.meta.url).href
);

test('an address says what it was made from, whatever that holds', () => {
  const query = { url: 'http://h/?a=b&c=#d', crawl: '' };
  assert.deepEqual(readRoute(routeTo('explain', null, query)), {
    ...{ name: 'explain', id: null },
    query: { url: 'http://h/?a=b&c=#d' },
  });
  assert.deepEqual(readRoute(routeTo('dead', 'shop.12/a?b')), { name: 'dead', id: 'shop.12/a?b', query: {} });
  assert.deepEqual(readRoute(''), { name: 'crawls', id: null, query: {} });
  assert.equal(readRoute('#/dead/%E0%A4%A').id, '%E0%A4%A');
});
