// drover crawl --render: pages that JavaScript makes, and what they may ask for.
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { CrawlRecord } from '../../src/record.ts';
import { chromiumPath } from '../support/api/browser.ts';
import { type CommandRunner, openCommandRunner } from '../support/crawls.ts';
import { type ScriptedSite, startScriptedSite } from '../support/render/site.ts';

const put = `const put = (text) => {
  const line = document.createElement('p');
  line.textContent = text;
  document.getElementById('app').append(line);
};`;
/** What a page asks for that it may not have, and by which ways. */
const greedy = `${put}
const at = (address, path) => 'http://' + address + ':' + location.port + path;
put('made here');
for (const [name, url] of [
  ['own', '/api/own'],
  ['hidden', at('127.0.0.2', '/api/hidden')],
  ['closed', at('127.0.0.3', '/api/closed')],
  ['slow', '/slow'],
])
  fetch(url).then((answer) => answer.text()).then((text) => put(name + ': ' + text), () => put(name + ' failed'));
new WebSocket('ws://127.0.0.2:' + location.port + '/socket').onerror = () => put('socket failed');
navigator.sendBeacon(at('127.0.0.2', '/beacon'), 'x');
const frame = document.createElement('iframe');
frame.src = at('127.0.0.2', '/frame');
document.body.append(frame);
const image = new Image();
image.src = '/image.png';
const link = document.createElement('a');
link.href = '/linked';
link.textContent = 'on';
const other = document.createElement('a');
other.href = '/more';
document.body.append(link, other);
const peer = new RTCPeerConnection({ iceServers: [{ urls: 'stun:127.0.0.1:' + location.port }] });
peer.createDataChannel('x');
peer.createOffer().then((offer) => peer.setLocalDescription(offer));`;

const handler = `export default {
  name: 'click',
  match: { url: '**/more' },
  async onPage({ page }) {
    await page.click('button');
  },
  run({ page, emit }) {
    emit({ text: page.$('#app').text() });
  },
};`;

const skip = chromiumPath() === null && 'there is no Chromium here';

describe('pages made by a browser', { skip }, () => {
  let site: ScriptedSite;
  let drover: CommandRunner;
  let records: Map<string, CrawlRecord>;

  before(async () => {
    site = await startScriptedSite({
      '/greedy': greedy,
      '/more': `${put} const button = document.createElement('button');
        button.onclick = () => put('clicked');
        document.body.append(button);`,
      '/linked': `${put} put('linked ' + navigator.userAgent); location.href = '/api/next';`,
    });
    drover = await openCommandRunner();
    await writeFile(drover.path('click.ts'), handler);
    const allowed = ['--allow-private', '127.0.0.1/32', '--allow-private', '127.0.0.3/32'];
    const { code, stderr } = await drover.run([
      ...['crawl', `${site.urls.site}/greedy`, '--crawl', 'r', '--render', '--timeout-render', '3s'],
      ...['--handler', drover.path('click.ts'), '--screenshot'],
      ...allowed,
    ]);
    assert.equal(code, 0, stderr);
    records = new Map((await drover.results('r')).map((record) => [new URL(record.url).pathname, record]));
  });
  after(() => site?.stop());

  it('the record holds the document as scripts have made it, and its links are followed', () => {
    const record = records.get('/greedy') as CrawlRecord;
    assert.equal(record.status, 200);
    assert.match(record.body ?? '', /made here/);
    assert.match(record.body ?? '', /own: {"says":"data of \/api\/own"}/);
    assert.ok(record.links?.includes(`${site.urls.site}/linked`));
    assert.match(records.get('/linked')?.body ?? '', /linked drover\//);
  });

  it('a private address, and a host that robots.txt forbids, are refused and named', () => {
    const { rendered } = records.get('/greedy') as CrawlRecord;
    const named = Object.fromEntries((rendered?.refused ?? []).map(({ url, code }) => [url, code]));
    const { hidden, closed } = site.urls;
    assert.equal(named[`${hidden}/api/hidden`], 'E_SSRF');
    assert.equal(named[`${closed}/api/closed`], 'E_ROBOTS');
    assert.equal(named[`${hidden}/beacon`], 'E_SSRF');
    assert.equal(named[`${hidden}/frame`], 'E_SSRF');
    assert.deepEqual(
      site.asked.filter((line) => !line.startsWith('127.0.0.1 ')),
      ['127.0.0.3 /robots.txt'],
      'nothing reached the hidden address, and of the closed one only its robots.txt was asked for',
    );
    assert.equal(site.packets(), 0, 'nothing left by UDP');
  });

  it('a slow request is waited for so long and no longer, and named', () => {
    const { rendered } = records.get('/greedy') as CrawlRecord;
    assert.deepEqual(rendered?.late, [`${site.urls.site}/slow`]);
    assert.ok((rendered?.ms ?? 0) >= 3000 && (rendered?.ms ?? 0) < 6000, `${rendered?.ms} ms`);
  });

  it('images are not loaded, requests and bytes are counted', () => {
    const { rendered } = records.get('/greedy') as CrawlRecord;
    assert.equal(rendered?.blocked, 1);
    assert.ok(!site.asked.includes('127.0.0.1 /image.png'));
    assert.equal(rendered?.requests, 2, 'own and slow');
    assert.ok((rendered?.bytes ?? 0) > 30, `${rendered?.bytes} bytes`);
  });

  it('a handler uses the page in the browser, and gets the document that comes of it', () => {
    assert.deepEqual(records.get('/more')?.items, [{ handler: 'click', item: { text: 'clicked' } }]);
  });

  it('a picture of each page lies beside the records', async () => {
    const { id, rendered } = records.get('/more') as CrawlRecord;
    assert.equal(rendered?.screenshot, `screenshots/${id}.png`);
    const [folder = ''] = await readdir(drover.path('data/records'));
    const png = await readFile(join(drover.path('data/records'), folder, rendered?.screenshot ?? ''));
    assert.equal(png.subarray(1, 4).toString(), 'PNG');
  });

  it('where a page goes by itself is noted, and followed as a link', () => {
    const linked = records.get('/linked') as CrawlRecord;
    assert.equal(linked.rendered?.wentTo, `${site.urls.site}/api/next`);
    assert.ok(linked.links?.includes(`${site.urls.site}/api/next`));
    assert.equal(records.get('/api/next')?.rendered, null, 'what is no HTML is fetched plainly');
  });

  it('with --render-when empty, only pages without text are made by a browser', async () => {
    await writeFile(drover.path('two.txt'), `${site.urls.site}/text\n${site.urls.site}/more\n`);
    const args = ['crawl', drover.path('two.txt'), '--crawl', 'two', '--render-when', 'empty'];
    const { code, stderr } = await drover.run(args);
    assert.equal(code, 0, stderr);
    const made = (await drover.results('two')).map(({ url, rendered }) => [
      new URL(url).pathname,
      rendered !== null,
    ]);
    assert.deepEqual(Object.fromEntries(made), { '/text': false, '/more': true });
  });
});
