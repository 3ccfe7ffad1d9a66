// Archives of a crawl that was begun again: a page that has not changed is a revisit record, which names the
// answer in the archive of the former run.
import assert from 'node:assert/strict';
import test from 'node:test';
import { faultsOf, type ReadRecord, readWarcs, warcPaths } from '../support/archives/read-warc.ts';
import { crawlAgain } from '../support/fleets/again.ts';
import { openFleets } from '../support/fleets.ts';
import { startValidatingSite } from '../support/site/validating.ts';

const fleets = openFleets();

test('a 304 is a revisit record that names the former answer; without a former archive, nothing is asked about', async (t) => {
  const site = await startValidatingSite({
    '/': { etag: '"/"', body: '<a href="/moved">moved</a>' },
    '/moved': { answer: () => ({ status: 302, headers: { location: '/to' } }) },
    '/to': { etag: '"to"', gzip: true, body: 'compressed' },
  });
  t.after(() => site.close());
  const opened = await fleets.open();
  const { runner } = opened;
  const first = await runner.run(['crawl', `${site.url}/`, '--crawl', 'c', '--quiet']);
  assert.equal(first.code, 0, first.stderr);
  site.taken();

  const args = (directory: string) => [`${site.url}/`, '--warc', runner.path(directory)];
  await crawlAgain(opened, 'c', args('one'));
  const statuses = () => site.taken().map(({ path, status }) => `${status} ${path}`);
  assert.deepEqual(statuses(), ['200 /', '302 /moved', '200 /to'], 'the archive would lack the pages');
  await crawlAgain(opened, 'c', args('two'));
  assert.deepEqual(statuses(), ['304 /', '302 /moved', '304 /to']);

  const [one, two] = await Promise.all(
    ['one', 'two'].map(async (name) => readWarcs(await warcPaths(runner.path(name)))),
  );
  assert.ok(one && two);
  assert.deepEqual(faultsOf(two), []);
  const revisits = two.filter(({ type }) => type === 'revisit');
  assert.deepEqual(
    revisits.map(({ url }) => new URL(url ?? '').pathname),
    ['/', '/to'],
  );
  for (const { url, field, head } of revisits) {
    const answer: ReadRecord | undefined = one.find(
      (record) => record.type === 'response' && record.url === url,
    );
    assert.ok(answer);
    assert.match(field('WARC-Profile') ?? '', /\/revisit\/server-not-modified$/);
    assert.equal(field('WARC-Refers-To-Target-URI'), url);
    const apartMs =
      Date.parse(field('WARC-Refers-To-Date') ?? '') - Date.parse(answer.field('WARC-Date') ?? '');
    assert.ok(Math.abs(apartMs) < 10_000, `${apartMs} ms`);
    // The digest is of what came. Of a coded body, the record of the former run does not know it.
    const isCoded = url?.endsWith('/to');
    assert.equal(field('WARC-Payload-Digest'), isCoded ? null : answer.field('WARC-Payload-Digest'));
    assert.match(head, /^HTTP\/1\.1 304 /);
  }
  const request = two.find((record) => record.type === 'request' && record.url?.endsWith('/to'));
  assert.match(request?.head ?? '', /^if-none-match: "to"$/im);
});
