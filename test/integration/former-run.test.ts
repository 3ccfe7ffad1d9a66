import assert from 'node:assert/strict';
import test from 'node:test';
import { crawlSettings, defaultSettings } from '../../src/config/settings.ts';
import { beginCrawl, leaveCrawl } from '../../src/crawl/crawl.ts';
import { compareRuns, type FormerRun } from '../../src/crawl/former-run.ts';
import { createLoadedCrawls } from '../../src/crawl/loaded-crawl.ts';
import { openFleets } from '../support/fleets.ts';

const fleets = openFleets();
const settings = crawlSettings(defaultSettings);
const former: FormerRun = { crawl: 'c', store: '', folder: 'c-1', sameHeaders: true, sameBody: false };

test('consumers know the former run of a crawl that was begun with one, and nobody changes it later', async () => {
  const { fleet } = await fleets.open();
  const begin = (producer: string, run: FormerRun | null) =>
    beginCrawl(fleet, {
      ...{ name: 'c', producer, settings, seeds: '' },
      again: run && { former: run, seeds: null, mayNameHosts: true },
    });
  const loaded = async (crawl: string) => (await createLoadedCrawls(fleet).get(crawl))?.former;

  await begin('p', null);
  assert.equal(await loaded('c'), null);
  await assert.rejects(begin('p', former), /E_CRAWL_OPEN|c was begun by somebody else/);
  assert.equal(await loaded('c'), null, 'a crawl that goes on stays what it was');

  await leaveCrawl(fleet, 'c', 'p');
  const { id } = await begin('p', former);
  assert.equal(id, 'c.2');
  assert.deepEqual(await loaded(id), former);
  await begin('q', { ...former, crawl: 'other' });
  assert.deepEqual(await loaded(id), former);
});

test('runs ask alike with the same headers and User-Agent, in whatever order the headers were given', () => {
  const given = { ...settings, header: { 'accept-language': 'de', 'x-a': '1' } };
  const turned = { ...settings, header: { 'x-a': '1', 'accept-language': 'de' } };
  assert.deepEqual(compareRuns(given, turned), { sameHeaders: true, sameBody: true });
  assert.equal(compareRuns(given, settings).sameHeaders, false);
  assert.equal(compareRuns(settings, { ...settings, userAgent: 'other' }).sameHeaders, false);
  assert.equal(compareRuns(settings, { ...settings, body: 'none' }).sameBody, false);
});
