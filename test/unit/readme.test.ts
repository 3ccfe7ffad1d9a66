// What the README shows as JSON is accepted as it stands.
import assert from 'node:assert/strict';
import test from 'node:test';
import { parseSetting } from '../../src/config/parse.ts';
import { parseRequest } from '../../src/request.ts';
import { blocks, requestExample } from '../support/project/readme.ts';

test('the host limits that README shows are accepted as they stand', () => {
  const shown = blocks.filter(({ language }) => language === 'json')[1]?.text ?? '';
  const { hosts } = JSON.parse(shown);
  assert.deepEqual(parseSetting('hosts', hosts, 'README'), {
    '*.example.com': { delay: 2000, concurrency: 1 },
    'api.example.com': { max: 100, durationMs: 60_000 },
  });
});

test('the request that README shows is accepted as it stands', () => {
  const parsed = parseRequest(JSON.parse(requestExample));
  assert.ok('input' in parsed, JSON.stringify(parsed));
  assert.equal(parsed.input.url, 'https://example.com/item/7');
});
