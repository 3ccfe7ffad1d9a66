import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { startTraceReceiver } from '../support/api/trace-receiver.ts';
import { openFleets } from '../support/fleets.ts';
import { startSite } from '../support/site/site.ts';

const fleets = openFleets();

async function siteOf(t: TestContext) {
  const site = await startSite({
    pages: 3,
    linksPerPage: 0,
    latencyMs: 30,
    behaviours: { '/p/1': { status: 500 } },
  });
  t.after(() => site.stop());
  return site;
}

test('with --otel, each time that a request is processed is a trace: below the span of its job one of the request, below that one for each layer', async (t) => {
  const receiver = await startTraceReceiver();
  t.after(() => receiver.stop());
  const site = await siteOf(t);
  const { runner } = await fleets.open();
  const { code, stderr } = await runner.run([
    ...[
      'crawl',
      `${site.url}/p/0?token=hush-hush`,
      `${site.url}/p/1`,
      '--crawl',
      'c',
      '--depth',
      '0',
      '--quiet',
    ],
    ...['--attempts', '2', '--backoff', '20', '--otel', receiver.url],
  ]);
  assert.equal(code, 1, stderr);
  const requests = receiver.spans.filter(({ name }) => name === 'request');
  assert.deepEqual(
    requests.map(({ attributes }) => attributes['drover.outcome']).sort(),
    ['dead', 'recorded', 'retry'],
    'all are sent before the command ends',
  );
  assert.equal(new Set(requests.map(({ traceId }) => traceId)).size, 3);
  for (const request of requests) {
    const job = receiver.spans.find(({ spanId }) => spanId === request.parentSpanId);
    assert.match(job?.name ?? '', /process/);
    const layers = receiver.spans.filter(({ parentSpanId }) => parentSpanId === request.spanId);
    const names = layers.map(({ name }) => name);
    for (const name of ['queue', 'first_byte', 'download'])
      assert.ok(names.includes(name), `${name} in ${names}`);
    const stored = request.attributes['drover.outcome'] !== 'retry';
    for (const name of ['handle', 'store', 'commit']) assert.equal(names.includes(name), stored, name);
    assert.equal(new Set(names).size, names.length);
    for (const { name, startMs, endMs } of layers) {
      assert.ok(endMs >= startMs, name);
      assert.ok(
        startMs >= request.startMs - 1 && endMs <= request.endMs + 1,
        `${name} lies outside its request`,
      );
    }
    const wait = layers.find(({ name }) => name === 'first_byte');
    assert.ok(wait && wait.endMs - wait.startMs >= 29, 'the site answers after 30 ms');
  }
  assert.ok(receiver.spans.some(({ name }) => name === 'connect'));
  const dead = requests.find(({ attributes }) => attributes['drover.outcome'] === 'dead');
  assert.ok(dead?.failed);
  const { attributes } = dead;
  assert.equal(attributes['drover.crawl'], 'c');
  assert.equal(attributes['drover.host'], `127.0.0.1:${site.port}`);
  assert.equal(Number(attributes['drover.attempt']), 2);
  assert.equal(Number(attributes['http.response.status_code']), 500);
  assert.equal(attributes['error.type'], 'E_HTTP_5XX');
  assert.equal(attributes['url.full'], `${site.url}/p/1`);
  assert.match(receiver.raw(), /token=\[redacted\]/);
  assert.doesNotMatch(receiver.raw(), /hush/);
});

for (const [what, options] of [
  ['refuses', { status: 500 }],
  ['never answers', { silent: true }],
] as const) {
  test(`a receiver that ${what} holds neither a crawl up nor its end beyond three seconds`, async (t) => {
    const receiver = await startTraceReceiver(options);
    t.after(() => receiver.stop());
    const site = await siteOf(t);
    const { runner } = await fleets.open();
    const started = performance.now();
    const { code, stderr } = await runner.run([
      ...['crawl', `${site.url}/p/0`, '--depth', '0', '--quiet', '--crawl', 'c', '--otel', receiver.url],
    ]);
    assert.equal(code, 0, stderr);
    assert.ok(performance.now() - started < 12_000, `${performance.now() - started} ms`);
    assert.ok(receiver.spans.length > 0);
    assert.equal((await runner.results('c')).length, 1);
    if (what === 'never answers') return;
    const log = await readFile(join(runner.dir, 'data', 'drover.log'), 'utf8');
    assert.ok(log.split('"traces are not taken"').length <= 2, 'said once at most');
  });
}

test('without --otel, OpenTelemetry is not loaded', async (t) => {
  const site = await siteOf(t);
  const { runner } = await fleets.open();
  const { code, stderr } = await runner.run(
    ['crawl', `${site.url}/p/0`, '--depth', '0', '--quiet', '--crawl', 'c'],
    {
      env: { NODE_DEBUG: 'esm,module' },
    },
  );
  assert.equal(code, 0);
  assert.match(stderr, /\.bundle\/\w+\/parts\/fetch/, 'what is loaded is told');
  assert.doesNotMatch(stderr, /node_modules\/(@opentelemetry|bullmq-otel)\//);
});
