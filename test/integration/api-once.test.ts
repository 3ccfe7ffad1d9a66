// Sent again, and nothing twice: an upload that was cut off, an Idempotency-Key, a server killed in the
// middle; many lines in bounded memory.
import assert from 'node:assert/strict';
import test, { suite } from 'node:test';
import { type Api, sharedApi, startApi } from '../support/api/api.ts';
import { peakMemory } from '../support/api/harmless.ts';
import { assertAddsUp } from '../support/crawls.ts';
import { openFleets } from '../support/fleets.ts';
import { until } from '../support/signals.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();
const serve = sharedApi(fleets);
const ndjson = { 'content-type': 'application/x-ndjson' };
const linesOf = (count: number) => Array.from({ length: count }, (_, n) => `http://example.com/${n}\n`);
const upload = (api: Api, crawl: string, lines: readonly string[], headers: Record<string, string> = {}) =>
  api.call('POST', `/v1/requests?crawl=${crawl}`, {
    headers: { ...ndjson, ...headers },
    body: Buffer.from(lines.join('')),
  });

/** Sends the lines bit by bit, and then perhaps nothing more, but no end. */
async function* slowly(lines: readonly string[], isOpen = false) {
  for (let at = 0; at < lines.length; at += 50) {
    yield lines.slice(at, at + 50).join('');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  if (isOpen) await new Promise<void>((resolve) => setTimeout(resolve, 60_000).unref());
}

// Side by side: most of the time they wait for deadlines of the server's.
suite('sent again, and nothing twice', { concurrency: true }, () => {
  test('an upload that is cut in the middle and sent again while consumers run: its site is asked for each URL once', async (t) => {
    const site = await startSite({ pages: 1000, bytes: 300, linksPerPage: 0 });
    t.after(() => site.stop());
    const api = await startApi(await fleets.open(), ['--processes', '1', '--allow-private', '127.0.0.0/8']);
    const lines = Array.from({ length: 1000 }, (_, n) => `${site.url}/p/${n}\n`);
    const settings = { perHost: 50, ignoreRobots: true };
    await api.call('POST', '/v1/crawls', { body: { name: 'cut', settings, maxDepth: 0 } });
    const abort = new AbortController();
    const first = api.call('POST', '/v1/requests?crawl=cut', {
      body: slowly(lines.slice(0, 500), true),
      signal: abort.signal,
    });
    const lost = assert.rejects(first);
    await until(async () => (await site.ended()) > 50, { what: 'the first fetches', deadlineMs: 20_000 });
    abort.abort();
    await lost;
    const { json } = await upload(api, 'cut', lines);
    assert.ok(json.accepted > 0 && json.duplicates > 50, JSON.stringify(json));
    assert.equal(json.accepted + json.duplicates, 1000);
    const view = async () => (await api.call('GET', '/v1/crawls/cut')).json;
    await until(async () => (await view()).state === 'finished', {
      what: 'its end',
      deadlineMs: 30_000,
      everyMs: 100,
    });
    assertAddsUp(await view());
    const paths = (await site.log()).map(({ path }) => path);
    assert.deepEqual([paths.length, new Set(paths).size, (await view()).recorded], [1000, 1000, 1000]);
  });

  test('an Idempotency-Key: the same answer again, and nothing twice; another body, or one at work, is told', async () => {
    const api = await serve();
    const key = { 'idempotency-key': 'monday' };
    const lines = [...linesOf(20), 'no url\n'];
    const first = await upload(api, 'keyed', lines, key);
    assert.deepEqual([first.json.accepted, first.json.duplicates, first.json.rejected.length], [20, 0, 1]);
    const again = await upload(api, 'keyed', lines, key);
    assert.deepEqual(again.json, first.json);
    assert.equal((await api.call('GET', '/v1/crawls/keyed')).json.accepted, 20);
    const other = { headers: { ...ndjson, ...key }, body: Buffer.from('http://example.com/other\n') };
    await api.refused(422, 'E_IDEMPOTENCY', 'POST', '/v1/requests?crawl=keyed', other);
    assert.equal(
      (await api.call('GET', '/v1/crawls/keyed')).json.accepted,
      20,
      'of another body nothing is taken',
    );
    assert.equal(
      (await upload(api, 'keyed', lines)).json.duplicates,
      20,
      'without the key, it is counted anew',
    );

    const begin = (name?: string) =>
      api.call('POST', '/v1/crawls', {
        headers: key,
        body: { ...(name ? { name } : {}), urls: ['http://example.com/'] },
      });
    const [one, two] = [await begin(), await begin()];
    assert.deepEqual(
      [one.status, two.json.crawl, two.headers['idempotency-replayed']],
      [201, one.json.crawl, 'true'],
    );
    assert.equal((await begin('other')).status, 422);
    const bodies = await Promise.all(
      Array.from({ length: 5 }, () =>
        api.call('POST', '/v1/crawls', {
          headers: { 'idempotency-key': 'race' },
          body: { url: 'http://example.com/' },
        }),
      ),
    );
    assert.deepEqual(
      [...new Set(bodies.map(({ status }) => status))].sort(),
      [201, 409].slice(0, new Set(bodies.map(({ status }) => status)).size),
    );
    const { crawls } = (await api.call('GET', '/v1/crawls')).json;
    assert.equal(
      crawls.filter(({ name }: { name: string }) => name.startsWith('api-')).length,
      2,
      'one for each key',
    );

    const abort = new AbortController();
    const work = { 'idempotency-key': 'at-work' };
    const slow = api.call('POST', '/v1/requests?crawl=slow', {
      headers: work,
      body: slowly(linesOf(50_000)),
      signal: abort.signal,
    });
    const lost = assert.rejects(slow);
    await until(async () => (await api.call('GET', '/v1/crawls/slow')).json.accepted > 0, {
      what: 'the work to begin',
    });
    await api.refused(409, 'E_IDEMPOTENCY', 'POST', '/v1/requests?crawl=slow', {
      headers: { ...ndjson, ...work },
      body: Buffer.from('x\n'),
    });
    abort.abort();
    await lost;
    const free = async () => (await upload(api, 'slow', linesOf(10), work)).status === 200;
    await until(free, { what: 'a call that was broken off to give its key back' });
    for (const bad of ['two words', 'x'.repeat(201)])
      await api.refused(400, 'E_FIELD', 'POST', '/v1/requests', {
        headers: { 'idempotency-key': bad },
        body: ['http://example.com/'],
      });
  });

  test('a server that is killed in the middle of a call: its key works again within 20 s, and nothing is lost or double', async () => {
    const fleet = await fleets.open();
    const api = await startApi(fleet);
    const lines = linesOf(5000);
    const key = { 'idempotency-key': 'killed' };
    const lost = assert.rejects(
      api.call('POST', '/v1/requests?crawl=k', { headers: key, body: slowly(lines) }),
    );
    await until(async () => (await api.call('GET', '/v1/crawls/k')).json.accepted > 500, {
      what: 'the half of it',
    });
    api.drover.kill('SIGKILL');
    await lost;
    const next = await startApi(fleet);
    const before = (await next.call('GET', '/v1/crawls/k')).json.accepted;
    const again = await until(
      async () => {
        const reply = await upload(next, 'k', lines, key);
        return reply.status === 200 && reply.json;
      },
      { what: 'the key to work again', deadlineMs: 20_000, everyMs: 250 },
    );
    assert.deepEqual([again.accepted, again.duplicates], [5000 - before, before]);
  });

  test('200,000 lines with 1,000 bad ones: memory stays flat, and every bad line is named', async () => {
    const api = await startApi(await fleets.open());
    async function* lines() {
      for (let block = 0; block < 1000; block++)
        yield `${Array.from({ length: 199 }, (_, n) => `http://h${block % 50}.example.com/a-page/${block * 199 + n}`).join('\n')}\nbad ${block}\n`;
    }
    await upload(api, 'warm', linesOf(20_000));
    const before = api.memory();
    const reply = api.call('POST', '/v1/requests?crawl=big', { body: lines() });
    const peak = await peakMemory(api, reply);
    const { accepted, duplicates, rejected } = (await reply).json;
    assert.deepEqual([accepted, duplicates, rejected.length], [199_000, 0, 1000]);
    assert.deepEqual(
      rejected.map(({ line, url }: { line: number; url: string }) => `${line} ${url}`),
      Array.from({ length: 1000 }, (_, block) => `${(block + 1) * 200} bad ${block}`),
    );
    assert.ok(peak - before < 60 * 1024 ** 2, `it grew by ${Math.round((peak - before) / 1024 ** 2)} MB`);
  });
});
