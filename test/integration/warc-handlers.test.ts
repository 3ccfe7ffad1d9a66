// What handlers fetch besides their pages is archived, wherever they run; and what an archive says of TLS.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { faultsOf, type ReadRecord, readWarcs, warcPaths } from '../support/archives/read-warc.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { startTls } from '../support/site/hostile-tls.ts';

const LARGE = 'x'.repeat(300_000);

async function startApi() {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { url = '/', headers } = request;
    asked.push(`${request.method} ${url} ${headers['accept-encoding']}`);
    if (url === '/moved') return response.writeHead(302, { location: '/data' }).end('moved');
    if (url === '/gone') return response.writeHead(404).end('gone');
    if (url === '/large') return response.end(LARGE);
    if (url === '/data')
      return response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('{"n":1}'));
    return response.writeHead(200, { 'content-type': 'text/html' }).end('<title>page</title>');
  }).listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server };
}

const handler = (where: string) => `import { defineHandler } from 'drover';
export default defineHandler({
  name: 'asks', ${where}
  async run({ fetch, emit }) {
    const data = await fetch('/moved');
    await fetch('/post', { method: 'POST', body: 'b' });
    const [gone, large] = [await fetch('/gone'), await fetch('/large')];
    emit([data.json().n, gone.status, large.text.length]);
  },
});
`;

for (const [name, where] of [
  ['on the event loop', ''],
  ['on a thread', 'blocking: true,'],
  ['in a process', "blocking: true, isolate: 'process',"],
] as const)
  test(`the fetches of a handler ${name} are archived: redirects, bodies, errors`, async (t) => {
    const api = await startApi();
    t.after(() => api.server.close());
    t.after(() => api.server.closeAllConnections());
    const runner = await openCommandRunner();
    await writeFile(runner.path('handler.ts'), handler(where));
    const args = ['crawl', `${api.url}/`, '--depth', '0', '--crawl', 'c', '--quiet'];
    const flags = ['--handler', runner.path('handler.ts'), '--warc', runner.path('warc')];
    const { code, stderr } = await runner.run([...args, ...flags]);
    assert.equal(code, 0, stderr);
    assert.deepEqual((await runner.results('c'))[0]?.items, [{ handler: 'asks', item: [1, 404, 300_000] }]);
    const records = await readWarcs(await warcPaths(runner.path('warc')));
    assert.deepEqual(faultsOf(records), []);
    const of = (type: string) => records.filter((record) => record.type === type);
    const path = ({ url }: ReadRecord) => new URL(url ?? '').pathname;
    const requests = of('request').map(({ head }) => head.split(' ', 2).join(' '));
    // The server saw the same, and no coding that archives cannot show.
    assert.deepEqual(requests.sort(), api.asked.map((line) => line.split(' ', 2).join(' ')).sort());
    for (const line of api.asked) assert.match(line, / gzip, br, deflate$/);
    const answers = [...of('response'), ...of('revisit')];
    assert.equal(answers.length, api.asked.length);
    const answer = (wanted: string) => answers.find((record) => path(record) === wanted);
    assert.equal(answer('/large')?.payload.toString(), LARGE);
    assert.equal(gunzipSync(answer('/data')?.payload ?? '').toString(), '{"n":1}');
    assert.match(answer('/gone')?.head ?? '', /^HTTP\/1\.1 404 /);
    assert.equal(answer('/data')?.field('WARC-IP-Address'), '127.0.0.1');
    const posted = of('request').find((record) => path(record) === '/post');
    assert.equal(posted?.payload.toString(), 'b');
    const about = (wanted: string) =>
      of('metadata')
        .find((record) => path(record) === wanted)
        ?.block.toString() ?? '';
    assert.match(about('/moved'), new RegExp(`^via: ${api.url}/\r\nhopsFromSeed: X\r\n`));
    assert.match(about('/data'), new RegExp(`^via: ${api.url}/moved\r\nhopsFromSeed: XR\r\n`));
  });

test('what an archive says of TLS: the protocols, each in a field of its own, and the cipher by its IANA name', async (t) => {
  const server = await startTls('good');
  t.after(() => server.close());
  const runner = await openCommandRunner({
    NODE_EXTRA_CA_CERTS: fileURLToPath(new URL('../support/site/certificates/ca.pem', import.meta.url)),
  });
  const args = ['crawl', server.url, '--depth', '0', '--crawl', 'tls', '--quiet'];
  const { code, stderr } = await runner.run([...args, '--warc', runner.path('warc')]);
  assert.equal(code, 0, stderr);
  const records = await readWarcs(await warcPaths(runner.path('warc')));
  assert.deepEqual(faultsOf(records), []);
  const exchanged = records.filter(({ type }) => /^re(quest|sponse|visit)$/.test(type));
  assert.ok(exchanged.length >= 4, 'robots.txt and the page');
  for (const { file, field, url } of exchanged) {
    assert.ok(url?.startsWith('https://127.0.0.1:'), file);
    // warcio joins what stands there twice.
    assert.equal(field('WARC-Protocol'), 'http/1.1, tls/1.3');
    assert.equal(field('WARC-Cipher-Suite'), 'TLS_AES_256_GCM_SHA384');
  }
});
