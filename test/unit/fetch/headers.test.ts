// The headers of an answer: one text for each name.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import test from 'node:test';
import { answerHeaders } from '../../../src/fetch/headers.ts';
import { startSending } from '../../support/site/hostile.ts';

async function headersOf(t: test.TestContext, ...lines: string[]): Promise<Record<string, string>> {
  const head = ['HTTP/1.1 200 OK', 'Content-Length: 0', ...lines].join('\r\n');
  const server = await startSending(Buffer.from(`${head}\r\n\r\n`));
  t.after(() => server.close());
  const [response] = (await once(http.get(server.url, { agent: false }), 'response')) as [IncomingMessage];
  response.resume();
  return answerHeaders(response.headers, response.rawHeaders);
}

test('lines of one name are one text: by commas, and X-Robots-Tag and Set-Cookie line by line', async (t) => {
  const headers = await headersOf(
    t,
    ...['X-Robots-Tag: otherbot: none', 'Link: </a>', 'Set-Cookie: a=1', 'x-robots-tag:noindex, nofollow'],
    ...['Link: </b>', 'Set-Cookie: b=2', 'X-Robots-Tag: drover: n\u00f6'],
  );
  assert.equal(headers['x-robots-tag'], 'otherbot: none\nnoindex, nofollow\ndrover: n\u00f6');
  assert.deepEqual([headers.link, headers['set-cookie']], ['</a>, </b>', 'a=1\nb=2']);
});

test('one line is as it came, and without a line there is none', async (t) => {
  assert.equal((await headersOf(t, 'X-Robots-Tag: a, b'))['x-robots-tag'], 'a, b');
  assert.ok(!('x-robots-tag' in (await headersOf(t))));
});
