// Ports of other services than the web: a server listens at one, and nothing is sent to it by a link, a
// redirect, a sitemap or a seed, unless the operator has named the port.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { answerOf, type RawServer, startRaw } from '../support/site/hostile.ts';

const BAD_PORT = 10_080;

let site: RawServer;
let service: RawServer;
let runner: CommandRunner;

const pages: Record<string, () => Buffer> = {
  '/links': () => html(`<a href="${service.url}linked">1</a><a href="http://127.0.0.1:6667/">2</a>`),
  '/redirects': () => answerOf('', { Location: `${service.url}redirected` }, '302 Found'),
  '/site.xml': () =>
    answerOf(`<urlset><url><loc>${service.url}listed</loc></url></urlset>`, { 'Content-Type': 'text/xml' }),
};

const html = (body: string) => answerOf(`<title>page</title>${body}`, { 'Content-Type': 'text/html' });

before(async () => {
  service = await startRaw((socket) => socket.write(html('')), undefined, {
    host: '127.0.0.9',
    port: BAD_PORT,
  });
  site = await startRaw((socket, head) => {
    const page = pages[head.split(' ', 2)[1] ?? ''];
    socket.write(page ? page() : answerOf('', {}, '404 Not Found'));
  });
  runner = await openCommandRunner();
});

after(() => Promise.all([site.close(), service.close()]));

const how = ['--scope', 'any', '--attempts', '1', '--quiet', '--allow-private', '127.0.0.0/8'];
const crawl = (name: string, ...args: string[]) => runner.run(['crawl', '--crawl', name, ...how, ...args]);

test('links and redirects to a bad port are refused with E_PORT', async () => {
  await crawl('refused', `${site.url}links`, `${site.url}redirects`);
  const [links, redirected] = (await runner.results('refused')).toSorted((a, b) =>
    a.url.localeCompare(b.url),
  );
  assert.equal(links?.ok, true);
  assert.equal(redirected?.error?.code, 'E_PORT');
  assert.match(redirected?.error?.message ?? '', /Port 10080/);
  const { leftOut } = await runner.status('refused');
  assert.equal(leftOut.E_PORT, 2);
  assert.equal(service.connections.accepted, 0);
});

test('a seed and the entries of a sitemap at a bad port are refused', async () => {
  const seed = await crawl('seed', `${service.url}seed`);
  assert.equal(seed.code, 2);
  assert.match(seed.stderr, /E_PORT/);
  await crawl('sitemap', '--sitemap', `${site.url}site.xml`, `${site.url}links`);
  assert.ok((await runner.results('sitemap')).every(({ url }) => !url.startsWith(service.url)));
  assert.equal(service.connections.accepted, 0);
});

test('a port that the operator has named is fetched from', async () => {
  const urls = [`${site.url}links`, `${site.url}redirects`, `${service.url}seed`];
  await crawl('allowed', ...urls, '--allow-port', String(BAD_PORT));
  const records = await runner.results('allowed');
  const fetched = records.filter(({ finalUrl }) => finalUrl?.startsWith(service.url));
  assert.deepEqual(
    fetched.map(({ ok }) => ok),
    [true, true, true],
  );
  assert.equal((await runner.status('allowed')).leftOut.E_PORT, 1, 'the other port');
});

test('explain says that the port is refused', async () => {
  const { stdout, stderr } = await runner.run(['explain', `${service.url}linked`, '--crawl', 'refused']);
  assert.match(stdout + stderr, /another service/);
});
