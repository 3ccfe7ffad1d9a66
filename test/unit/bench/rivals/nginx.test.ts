import assert from 'node:assert/strict';
import test from 'node:test';
import { spanOf } from '../../../../bench/measure/measure.ts';
import { readLog } from '../../../../bench/rivals/nginx.ts';

const log = `1795941204.100 0.000 404 /robots.txt
1795941204.150 0.050 200 /
1795941204.400 0.100 200 /p/0
1795941204.600 0.000 200 /p/0
1795941206.150 0.010 200 /p/1?a=b 10234
`;

test('the log of nginx tells when each request began and ended', () => {
  const [robots, root, ...others] = readLog(log);
  assert.deepEqual(robots, { start: 1795941204100, end: 1795941204100, status: 404, path: '/robots.txt' });
  assert.deepEqual(root, { start: 1795941204100, end: 1795941204150, status: 200, path: '/' });
  assert.deepEqual(
    others.map(({ path }) => path),
    ['/p/0', '/p/0', '/p/1?a=b'],
  );
  assert.equal(others.at(-1)?.bytes, 10_234);
});

test('the time of a run is that from its first page to the end of its last', () => {
  assert.equal(spanOf(readLog(log), 3).seconds, 2.05);
});

test('a page that was fetched twice does not stand for one that was not', () => {
  assert.throws(() => spanOf(readLog(log), 4), /3 pages were fetched, not 4/);
});

test('an empty log has no requests', () => {
  assert.deepEqual(readLog(''), []);
});
