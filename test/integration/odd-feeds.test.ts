// Odd feeds and sitemaps, as servers send them. Each row is one file of a real server, read by the drover
// command; looked at is which pages of it were fetched.
import assert from 'node:assert/strict';
import test, { after, before } from 'node:test';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { answerOf, type RawServer, startRaw } from '../support/site/hostile.ts';

/** What is tried; the file, in whose text HOST stands for the server; the paths that are fetched, sorted. */
type Row = [what: string, file: string, paths: string[]];

const atom = (attributes: string, entries: string) =>
  `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" ${attributes}>${entries}</feed>`;
const rss = (items: string) => `<rss version="2.0"><channel><link>HOST/no</link>${items}</channel></rss>`;
const rdf = (items: string) =>
  `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">${items}</rdf:RDF>`;
const urlset = (entries: string, doctype = '') =>
  `<?xml version="1.0"?>${doctype}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${entries}</urlset>`;
const link = (href: string, attributes = '') => `<link href="${href}" ${attributes}/>`;
const loc = (url: string) => `<url><loc>${url}</loc></url>`;

// biome-ignore format: one line a row
const rows: Row[] = [
  ['Atom without xml:base', atom('', `<entry>${link('x')}</entry>`), ['/map/x']],
  ['xml:base on the feed', atom('xml:base="HOST/b/"', `<entry>${link('x')}</entry><entry>${link('/y')}</entry>`), ['/b/x', '/y']],
  ['a relative xml:base on the feed', atom('xml:base="b/"', `<entry>${link('x')}</entry>`), ['/map/b/x']],
  ['xml:base on an entry', atom('', `<entry xml:base="/e/">${link('x')}</entry><entry>${link('y')}</entry>`), ['/e/x', '/map/y']],
  ['xml:base on a link', atom('', `<entry>${link('x', 'xml:base="/l/"')}</entry>`), ['/l/x']],
  ['xml:base on all three', atom('xml:base="HOST/a/"', `<entry xml:base="b/c">${link('x', 'xml:base="../d/"')}</entry>`), ['/a/d/x']],
  ['xml:base on another link', atom('', `<entry>${link('/no', 'rel="edit" xml:base="/l/"')}${link('x')}</entry>`), ['/map/x']],
  ['an xml:base that is no URL', atom('xml:base="http://"', `<entry>${link('x')}</entry>`), ['/map/x']],
  ['content elsewhere', atom('xml:base="/c/"', '<entry><content src="x" type="text/html"/></entry>'), ['/c/x']],
  ['content elsewhere beside a link', atom('', `<entry><content src="/no"/>${link('/x')}</entry>`), ['/x']],
  ['a guid alone', rss('<item><guid>HOST/x</guid></item>'), ['/x']],
  ['a guid that says permalink', rss('<item><guid isPermaLink="true">HOST/x</guid></item>'), ['/x']],
  ['a guid that is none', rss('<item><guid isPermaLink="false">HOST/no</guid></item>'), []],
  ['a guid that is no URL', rss('<item><guid>12345</guid></item><item><guid>tag:x,2026:y</guid></item>'), []],
  ['a guid before a link', rss('<item><guid>HOST/no</guid><link>HOST/x</link></item>'), ['/x']],
  ['a guid behind an empty link', rss('<item><link/><guid><![CDATA[HOST/x?a&b]]></guid></item>'), ['/x?a&b']],
  ['an enclosure alone', rss('<item><enclosure url="HOST/no.mp3"/></item>'), []],
  ['RSS 1.0, an item without a link', rdf('<item rdf:about="HOST/x"><title>x</title></item>'), ['/x']],
  ['RSS 1.0, an item with both', rdf('<item rdf:about="HOST/no"><link>HOST/x</link></item>'), ['/x']],
  ['an entity of a DTD', urlset(loc('&name;') + loc('HOST/x'), '<!DOCTYPE urlset [<!ENTITY name "HOST/no">]>'), ['/x']],
  ['an entity within a URL', urlset(loc('HOST/a&name;b') + loc('HOST/x')), ['/x']],
  ['an entity of HTML', urlset(loc('HOST/caf&eacute;') + loc('HOST/x')), ['/x']],
  ['an entity in a link of Atom', atom('', `<entry>${link('&name;/x')}</entry><entry>${link('/x')}</entry>`), ['/x']],
  ['an entity in the xml:base of the feed', atom('xml:base="/b&name;/"', `<entry>${link('no')}</entry><entry>${link('HOST/x')}</entry>`), ['/x']],
  ['an entity in the xml:base of an entry', atom('', `<entry xml:base="&name;">${link('no')}</entry><entry>${link('y')}</entry>`), ['/map/y']],
  ['an entity in the xml:base of a link', atom('', `<entry>${link('no', 'xml:base="/&name;/"')}</entry><entry>${link('y', 'xml:base=""')}</entry>`), ['/map/y']],
  ['what looks like an entity once decoded', urlset(loc('HOST/x?a&amp;copy;b')), ['/x?a&copy;b']],
  ['an & that begins nothing', urlset(loc('HOST/x?a=1&b=2')), ['/x?a=1&b=2']],
];

let runner: CommandRunner;
let servers: RawServer[];

before(
  async () => {
    servers = await Promise.all(
      rows.map(([, file]) =>
        startRaw((socket, head) => {
          const isFile = head.startsWith('GET /map/file.xml ');
          const host = `http://${/^host: (.*)$/im.exec(head)?.[1]}`;
          socket.write(
            answerOf(isFile ? file.replaceAll('HOST', host) : 'x', {
              'Content-Type': isFile ? 'application/xml' : 'text/plain',
            }),
          );
        }),
      ),
    );
    runner = await openCommandRunner();
    const files = servers.flatMap((server) => ['--sitemap', `${server.url}map/file.xml`]);
    await runner.run(['crawl', ...files, '--crawl', 'odd', '--depth', '0', '--ignore-robots', '--quiet']);
  },
  { timeout: 60_000 },
);

after(() => Promise.all(servers.map((server) => server.close())));

for (const [index, [what, , paths]] of rows.entries())
  test(`${what}: ${paths.join(' ') || 'nothing'}`, () => {
    const asked = servers[index]?.requests.map((head) => head.split(' ', 2)[1] ?? '') ?? [];
    assert.ok(asked.includes('/map/file.xml'));
    assert.deepEqual(asked.filter((path) => path !== '/map/file.xml').sort(), paths);
  });

test('what is left out is counted', async () => {
  const { leftOut } = (await runner.status('odd')) as unknown as { leftOut: Record<string, number> };
  assert.ok((leftOut.E_SITEMAP ?? 0) >= 4, JSON.stringify(leftOut));
});
