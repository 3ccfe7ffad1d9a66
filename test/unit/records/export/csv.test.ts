// The columns of records as CSV.
import assert from 'node:assert/strict';
import test from 'node:test';
import { recordsAsCsv } from '../../../../src/records/export/csv.ts';

test('each record is a row under the names of the columns, with the code of its error', async () => {
  const answered = {
    ...{ id: 'ab', crawl: 'c', url: 'http://a/', finalUrl: 'http://a/x', status: 200, ok: true, error: null },
    ...{ attempts: 1, depth: 0, referrer: null, label: 'start', title: '=1+1', contentType: 'text/html' },
    ...{ fetchedAt: '2026-01-31T12:00:00.000Z', bytes: 7, body: 'a body', links: [], headers: { a: 'b' } },
  };
  const usage = { reserves: ['train-ai', 'search'], statements: [{ source: 'header', line: null }] };
  const failed = { ...answered, ok: false, label: null, error: { code: 'E_HTTP_4XX', message: 'x' } };
  async function* records() {
    yield JSON.stringify({ ...answered, usage });
    yield JSON.stringify(failed);
  }
  const lines: string[] = [];
  for await (const line of recordsAsCsv(records())) lines.push(line);
  const cells = 'http://a/,http://a/x,200,';
  const rest = 'text/html,7,1,0,';
  assert.deepEqual(lines, [
    'url,finalUrl,status,ok,title,contentType,bytes,attempts,depth,referrer,label,fetchedAt,error,id,crawl,reserves,usage\r\n',
    `${cells}true,"'=1+1",${rest},start,2026-01-31T12:00:00.000Z,,ab,c,train-ai search,"[{""source"":""header"",""line"":null}]"\r\n`,
    `${cells}false,"'=1+1",${rest},,2026-01-31T12:00:00.000Z,E_HTTP_4XX,ab,c,,\r\n`,
  ]);
});
