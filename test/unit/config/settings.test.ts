import assert from 'node:assert/strict';
import test from 'node:test';
import {
  type CrawlSettings,
  crawlSettings,
  defaultSettings,
  flagOf,
  namesOf,
  settingNames,
  storedSettings,
} from '../../../src/config/settings.ts';
import { definitions, type Owner } from '../../../src/config/table.ts';

const owners: Owner[] = ['crawl', 'consumer', 'runner', 'place', 'api', 'command'];

test('each setting is of one owner, and is found with it', () => {
  const found = owners.flatMap((owner) => namesOf(owner));
  assert.deepEqual(found.toSorted(), settingNames.toSorted());
  for (const owner of owners)
    for (const name of namesOf(owner)) assert.equal(definitions[name].of, owner, name);
  assert.deepEqual(namesOf('place', 'command'), [...namesOf('place'), ...namesOf('command')]);
});

test("the crawl's part is plain JSON and holds nothing of other owners", () => {
  const part = crawlSettings(defaultSettings);
  assert.deepEqual(JSON.parse(JSON.stringify(part)), part);
  for (const name of settingNames) assert.equal(name in part, definitions[name].of === 'crawl', name);
});

test('a flag is named in messages as it is given', () => {
  assert.equal(flagOf('http2'), '--http2');
  assert.equal(flagOf('perHost'), '--per-host');
});

test('the defaults cannot be changed by whoever reads them', () => {
  assert.throws(() => Object.assign(defaultSettings, { depth: 1 }), TypeError);
});

test('settings are read from Redis as they were written', () => {
  const written: CrawlSettings = {
    ...crawlSettings(defaultSettings),
    depth: 3,
    limit: null,
    header: { a: 'b' },
  };
  assert.deepEqual(storedSettings(JSON.stringify(written)), written);
});

test('a crawl that a former version began has the defaults of what it lacks, and what stands under a former name', () => {
  const { maxPostponed: _maxPostponed, maxChain: _maxChain, ...rest } = crawlSettings(defaultSettings);
  const former = { ...rest, depth: null, perHost: 7, maxSnooze: 1234, dropped: 'by now' };
  assert.deepEqual(storedSettings(JSON.stringify(former)), {
    ...crawlSettings(defaultSettings),
    perHost: 7,
    maxPostponed: 1234,
  });
  const both = JSON.stringify({ maxSnooze: 1, maxPostponed: 2 });
  assert.equal(storedSettings(both).maxPostponed, 2, 'the present name goes before');
  assert.deepEqual(storedSettings(null), crawlSettings(defaultSettings));
});
