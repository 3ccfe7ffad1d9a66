// Which records are wanted: the same filters on the command line, in the API and in its client. Parameters
// that a route does not know are refused.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import test, { after } from 'node:test';
import { createClient, type RecordQuery } from '../../src/index.ts';
import type { CrawlRecord } from '../../src/record.ts';
import { type Api, startApi } from '../support/api/api.ts';
import { openFleets, type TestFleet } from '../support/fleets.ts';
import { answerOf, type RawServer, startRaw } from '../support/site/hostile.ts';

const fleets = openFleets();
const statuses: Record<string, string> = {
  '/gone': '410 Gone',
  '/none': '404 Not Found',
  '/broken': '500 Internal Server Error',
};

async function startSite(): Promise<RawServer> {
  const site = await startRaw((socket, head) => {
    const path = head.split(' ', 2)[1] ?? '';
    if (path === '/none')
      socket.write(answerOf('{}', { 'Content-Type': 'Application/JSON; x=1' }, statuses[path]));
    else if (path === '/moved') socket.write(answerOf('', { Location: '/target' }, '302 Found'));
    else if (path === '/robots.txt') socket.write(answerOf('User-agent: *\nDisallow: /private\n'));
    else socket.write(answerOf(`${path},"attempts":`, {}, statuses[path] ?? '200 OK'));
  });
  after(() => site.close());
  return site;
}

async function crawlAndServe(): Promise<TestFleet & { site: RawServer; api: Api }> {
  const [site, fleet] = await Promise.all([startSite(), fleets.open()]);
  const paths = ['a', 'b?q=,"attempts":', 'gone', 'none', 'broken', 'private', 'moved'];
  const userData = { attempts: 1, charset: ',"charset":' };
  const lines = [
    ...paths.map((path) => ({
      url: `${site.url}${path}`,
      ...(path === 'gone' ? { label: 'old', userData } : {}),
    })),
    { url: 'http://127.0.0.1:2/away' },
  ];
  await writeFile(fleet.runner.path('list'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const how = ['--crawl', 'c', '--depth', '0', '--attempts', '1', '--quiet'];
  assert.equal((await fleet.runner.run(['crawl', fleet.runner.path('list'), ...how])).code, 1);
  return { ...fleet, site, api: await startApi(fleet, [], { wholeFile: true }) };
}

let made: ReturnType<typeof crawlAndServe> | null = null;
/** The same for all tests of this file. */
function crawled(): ReturnType<typeof crawlAndServe> {
  made ??= crawlAndServe();
  return made;
}

const ALL = ['/a', '/away', '/b', '/broken', '/gone', '/moved', '/none', '/private'];

// biome-ignore format: one line a row
const rows: [filter: Record<string, string>, paths: string[]][] = [
  [{}, ALL],
  [{ status: '404' }, ['/none']],
  [{ status: '4xx' }, ['/gone', '/none']],
  [{ status: '410, 5XX' }, ['/broken', '/gone']],
  [{ status: 'none' }, ['/away', '/private']],
  [{ code: 'E_HTTP_4XX' }, ['/gone', '/none']],
  [{ code: 'E_ROBOTS' }, ['/private']],
  [{ code: 'E_TLS' }, []],
  [{ ok: 'true' }, ['/a', '/b', '/moved']],
  [{ ok: 'false', status: '4xx' }, ['/gone', '/none']],
  [{ failed: 'true', status: '4xx' }, ['/gone', '/none']],
  [{ label: 'old' }, ['/gone']],
  [{ label: 'ol' }, []],
  [{ type: 'application/json' }, ['/none']],
  [{ type: 'text/*' }, []],
  [{ type: 'image/png, APPLICATION/*' }, ['/none']],
  [{ since: '1h' }, ALL],
  [{ host: 'SITE' }, ALL.filter((path) => path !== '/away')],
  [{ host: '127.0.0.1:2' }, ['/away']],
  [{ url: '/none' }, ['/none']],
  [{ url: 'target' }, ['/moved']],
  [{ url: 'attempts' }, ['/b']],
  [{ url: '/*on*' }, ['/gone', '/none']],
  [{ url: '*.1:2/**' }, ['/away']],
  [{ url: '{gone,target}' }, ['/gone', '/moved']],
];

const pathsOf = (records: Pick<CrawlRecord, 'url'>[]) =>
  records.map(({ url }) => new URL(url).pathname).sort();

/** A command takes a second to start, so each option is tried once. All values go the same way. */
const tried = new Set<string>();
function isFirstOfItsKind(flags: readonly string[]): boolean {
  const kind = flags.filter((word) => word.startsWith('--')).join(' ');
  const isFirst = !tried.has(kind);
  tried.add(kind);
  return isFirst;
}

for (const [given, paths] of rows) {
  test(`a filter of ${JSON.stringify(given)} gives ${paths.join(' ') || 'nothing'} everywhere`, async () => {
    const { runner, site, api } = await crawled();
    const filter = { ...given, ...(given.host === 'SITE' ? { host: `127.0.0.1:${site.port}` } : {}) };
    const flags = Object.entries(filter).flatMap(([name, value]) => {
      if (name === 'ok' || name === 'failed')
        return (name === 'ok') === (value === 'true') ? ['--ok'] : ['--failed'];
      return [`--${name}`, value];
    });
    if (isFirstOfItsKind(flags))
      assert.deepEqual(pathsOf(await runner.json(['results', 'c', ...flags])), paths);
    const client = createClient({ url: api.url });
    const records: CrawlRecord[] = [];
    const query = { ...filter, ...(given.ok ? { ok: given.ok === 'true' } : {}) } as unknown as RecordQuery;
    for await (const record of client.crawls.records('c', query)) records.push(record);
    assert.deepEqual(pathsOf(records), paths);
    const at = (more: Record<string, string>) =>
      api.call('GET', `/v1/crawls/c/records?${new URLSearchParams({ ...filter, ...more })}`);
    const lines = (await at({ format: 'jsonl' })).text.split('\n').filter(Boolean);
    assert.deepEqual(pathsOf(lines.map((line) => JSON.parse(line))), paths);
    const csv = await at({ format: 'csv' });
    assert.match(csv.headers['content-type'] ?? '', /^text\/csv/);
    assert.deepEqual(
      pathsOf(
        csv.text
          .split('\r\n')
          .slice(1, -1)
          .map((line) => ({ url: urlIn(line) })),
      ),
      paths,
    );
    // One record a page: the filter goes on with the cursor.
    assert.ok((await at({ limit: '1' })).json.records.length <= 1);
  });
}

const urlIn = (line: string) => (/^"?([^",]*)/.exec(line)?.[1] ?? '').trim();

test('a filter that cannot be meant is refused and names what is wrong, on the command line and in the API', async () => {
  const { runner, api } = await crawled();
  const wrong: [name: string, value: string, says: RegExp][] = [
    ['status', '4', /expected a status such as 404/],
    ['status', '404,', /expected a status such as 404/],
    ['code', 'e_http_4xx', /no (error|such) code/],
    ['host', 'a.example/b', /no host/],
    ['type', 'html', /expected a media type such as text\/html/],
    ['url', '/a[', /a \[ is not closed/],
    ['since', 'yesterday', /expected a (duration|time)/],
    ['fields', 'url,titel', /there is no field "titel"; a record has id, crawl, url/],
    ['fields', 'error.cod', /there is no field "error.cod"; it has code, layer, message/],
    ['fields', 'url,url', /url is given twice/],
    ['fields', 'error,error.code', /error holds error.code already/],
  ];
  for (const [name, value, says] of wrong) {
    const { code, stderr } = await runner.run(['results', 'c', `--${name}`, value]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, says);
    const path = `/v1/crawls/c/records?${name}=${encodeURIComponent(value)}`;
    const problem = await api.refused(400, 'E_FIELD', 'GET', path);
    assert.equal(problem.field, `query.${name}`);
  }
  const both = await runner.run(['results', 'c', '--ok', '--failed']);
  assert.deepEqual([both.code, /leave no record/.test(both.stderr)], [2, true]);
  assert.equal(
    (await api.refused(400, 'E_FIELD', 'GET', '/v1/crawls/c/records?ok=1&failed=1')).field,
    'query.failed',
  );
  await api.refused(400, 'E_FIELD', 'GET', '/v1/crawls/c/records?ok=maybe');
});

test('every route refuses a query parameter that it does not know, and says which it has', async () => {
  const { api } = await crawled();
  const paths = (await api.call('GET', '/openapi.json')).json.paths as Record<
    string,
    Record<string, unknown>
  >;
  for (const [path, operations] of Object.entries(paths))
    for (const method of Object.keys(operations)) {
      const target = path.replace(/\{[^}]+\}/g, 'x');
      const problem = await api.refused(400, 'E_FIELD', method.toUpperCase(), `${target}?wrnog=1`, {
        ...(method === 'post' || method === 'patch' ? { body: {} } : {}),
      });
      assert.equal(problem.field, 'query.wrnog', `${method} ${path}`);
    }
  const { detail } = await api.refused(400, 'E_FIELD', 'GET', '/v1/crawls/c/records?stauts=404');
  assert.match(
    detail,
    /query\.stauts: there is no such parameter; this route has status, code, ok, failed, host, label, type, url, since, fields/,
  );
});
