// Private addresses in the links, the sitemap and the robots.txt of a site that the crawl takes for a public
// one (127.0.0.2): none becomes a request, each is counted, and a host that a seed names stays allowed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { openCommandRunner } from '../support/crawls.ts';

const html = { 'content-type': 'text/html' };

async function listen(address: string, answer: (path: string) => [string, string]): Promise<Server> {
  const server = createServer((request, response) => {
    const [type, body] = answer(request.url ?? '');
    response.writeHead(200, { 'content-type': type }).end(body);
  });
  server.listen(0, address);
  await once(server, 'listening');
  return server;
}
const portOf = (server: Server) => (server.address() as AddressInfo).port;

test('a private address in a link, a sitemap or robots.txt is left out at once; a seed’s own host is not', async (t) => {
  const asked: string[] = [];
  const inside = await listen('127.0.0.1', (path) => {
    asked.push(path);
    return ['text/plain', path === '/robots.txt' ? '' : 'inside'];
  });
  const named = await listen('127.0.0.3', () => ['text/html', '<title>named</title>']);
  const targets = [
    `127.0.0.1:${portOf(inside)}`,
    `localhost:${portOf(inside)}`,
    `[::ffff:127.0.0.1]:${portOf(inside)}`,
    `0x7f.1:${portOf(inside)}`,
    `2130706433:${portOf(inside)}`,
    '10.1.2.3',
    '[::1]:6379',
    '[fd00::1]',
    '169.254.169.254',
  ].map((host) => `http://${host}/`);
  const own = `http://127.0.0.3:${portOf(named)}/`;
  const site = await listen('127.0.0.2', (path) => {
    const base = `http://127.0.0.2:${portOf(site)}`;
    if (path === '/robots.txt')
      return ['text/plain', `Sitemap: ${targets[0]}map.xml\nSitemap: ${base}/map.xml`];
    if (path === '/sitemap.xml') return [html['content-type'], ''];
    if (path !== '/map.xml')
      return ['text/html', [...targets, `${own}linked`].map((url) => `<a href="${url}a">x</a>`).join('')];
    const entries = [...targets, `${own}listed`, `${base}/page`].map(
      (url) => `<url><loc>${url}b</loc></url>`,
    );
    return ['application/xml', `<urlset>${entries.join('')}</urlset>`];
  });
  t.after(() => {
    for (const server of [inside, named, site]) server.close();
  });
  const runner = await openCommandRunner();
  const seeds = [`http://127.0.0.2:${portOf(site)}/`, own];
  const options = ['--scope', 'any', '--sitemap', 'auto', '--crawl', 'c', '--quiet', '--attempts', '1'];
  const { stderr } = await runner.run(['crawl', ...seeds, ...options]);
  const { leftOut, dead, errors } = await runner.status('c');
  assert.deepEqual([dead, errors], [0, {}], stderr);
  // The links of two pages (/ and /pageb), where three targets are one URL; the sitemap's entries; and the
  // sitemap that robots.txt names.
  assert.equal(leftOut.E_SSRF, 2 * (targets.length - 2) + targets.length + 1, JSON.stringify(leftOut));
  assert.deepEqual(asked, []);
  const urls = (await runner.results('c')).map(({ url }) => url);
  assert.ok(urls.includes(`${own}linkeda`) && urls.includes(`${own}listedb`), urls.join('\n'));
});
