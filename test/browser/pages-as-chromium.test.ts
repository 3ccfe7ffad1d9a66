// Odd pages read by the drover command and by Chromium from the same server: the same status, title and
// links, but where the table says why not.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test, { after, before } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import type { CrawlRecord } from '../../src/record.ts';
import { chromiumPath, openBrowser } from '../support/api/browser.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { type RawServer, startRaw } from '../support/site/hostile.ts';
import { oddPages } from '../support/site/pages-as-chromium.ts';

interface Reading {
  status: number | null;
  title: string;
  /** Sorted, each once, without fragments. */
  links: string[];
}

/** Run in the page: the targets of what drover follows too, as Chromium resolves them. */
const readInPage = `(() => {
  const links = [];
  for (const node of document.querySelectorAll('*')) {
    const name = (node.namespaceURI.endsWith('xhtml') ? '' : 'foreign ') + node.localName;
    const rel = (node.getAttribute('rel') ?? '').toLowerCase().split(/\\s+/);
    if (rel.includes('nofollow')) continue;
    if ((name === 'a' || name === 'area') && node.hasAttribute('href')) links.push(node.href);
    if ((name === 'frame' || name === 'iframe') && node.getAttribute('src')) links.push(node.src);
    const leads = ['next', 'prev', 'canonical'].some((one) => rel.includes(one));
    if (name === 'link' && (leads || (rel.includes('alternate') && node.hreflang))) links.push(node.href);
    if (name === 'foreign a' && node.href) links.push(new URL(node.href.baseVal, document.baseURI).href);
  }
  return { title: document.title, links };
})()`;

let server: RawServer;
let browser: Browser | null = null;
let page: Page;
let records: Map<string, CrawlRecord>;

const pageUrl = (index: number) => `${server.url}row/${index}/page`;

function answerTo(path: string): Buffer {
  const row = oddPages[Number(/^\/row\/(\d+)\/page$/.exec(path)?.[1] ?? -1)];
  const [, header, body, status = '200 OK'] = row ?? ['', [], '', '404 Not Found'];
  const bytes = Buffer.from(body.replaceAll('PORT', String(server.port)), 'latin1');
  const lines = [...header, `Content-Length: ${bytes.length}`].map((line) => `${line}\r\n`).join('');
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${lines}\r\n`, 'latin1'), bytes]);
}

before(
  async () => {
    const executable = chromiumPath();
    server = await startRaw((socket, head) => socket.write(answerTo(head.split(' ', 2)[1] ?? '')));
    const runner = await openCommandRunner();
    await writeFile(runner.path('list.txt'), oddPages.map((_, index) => `${pageUrl(index)}\n`).join(''));
    const how = ['--crawl', 'odd', '--depth', '0', '--per-host', '8', '--quiet'];
    const { code, stderr } = await runner.run(['crawl', runner.path('list.txt'), ...how]);
    assert.equal(code, 0, stderr);
    records = new Map((await runner.results('odd')).map((record) => [record.url, record]));
    if (!executable) return;
    browser = await openBrowser(executable);
    page = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
    await page.route('**', (route) =>
      /\/row\/\d+\/page$/.test(route.request().url()) ? route.continue() : route.abort(),
    );
  },
  { timeout: 60_000 },
);

after(async () => {
  await browser?.close();
  await server.close();
});

function sorted(links: readonly string[]): string[] {
  const urls = links
    .filter((link) => URL.canParse(link) && /^https?:/.test(link))
    .map((link) => new URL(link));
  for (const url of urls) url.hash = '';
  return [...new Set(urls.map(({ href }) => href))].sort();
}

async function readByChromium(url: string): Promise<Reading> {
  const answer = await page.goto(url, { waitUntil: 'domcontentloaded' });
  const { title, links } = await page.evaluate<Omit<Reading, 'status'>>(readInPage);
  return { status: answer?.status() ?? null, title, links: sorted(links) };
}

for (const [index, [what, , , , differs]] of oddPages.entries()) {
  test(`${what}: read as Chromium does${differs ? `, but ${differs.because}` : ''}`, async (t) => {
    if (!browser) return t.skip('there is no Chromium: npm run setup -- --browser');
    const record = records.get(pageUrl(index));
    assert.ok(record);
    const expected = await readByChromium(pageUrl(index));
    const absolute = (links: readonly string[] = []) =>
      links.map((link) => new URL(link, pageUrl(index)).href);
    const dropped = absolute(differs?.drops);
    for (const link of dropped) assert.ok(expected.links.includes(link), `Chromium does not find ${link}`);
    const added = absolute(differs?.adds);
    for (const link of added) assert.ok(!expected.links.includes(link), `Chromium finds ${link} as well`);
    const { status, title, links } = record;
    assert.deepEqual(
      { status, title: title ?? '', links: sorted(links ?? []) },
      {
        status: expected.status,
        title: differs?.title ?? expected.title,
        links: sorted([...expected.links.filter((link) => !dropped.includes(link)), ...added]),
      },
    );
  });
}
