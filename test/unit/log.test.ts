import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { DroverError } from '../../src/errors.ts';
import { createLog, type Log } from '../../src/log.ts';
import { spawnProgram, until } from '../support/signals.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** What must never reach a log as it is, spelled out apart from the code under test. */
const obeyed =
  /[\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Cs}/u;

/** What the log holds after `write`: the raw text and the parsed lines. */
async function logged(write: (log: Log) => void): Promise<{ raw: string; lines: Record<string, unknown>[] }> {
  const path = join(await temporaryDirectory('log'), 'drover.log');
  const log = await createLog({ level: 'debug', destination: path });
  write(log);
  log.info('the last line');
  const raw = await until(
    () => {
      const text = readFileSync(path, 'utf8');
      return text.endsWith('"the last line"}\n') && text;
    },
    { what: 'the last line of the log' },
  );
  const texts = raw.trimEnd().split('\n').slice(0, -1);
  return { raw, lines: texts.map((line) => JSON.parse(line)) };
}

test('text from servers is text in the log too: message, fields, names of fields, errors, bindings of children', async () => {
  const evil = 'x\x1b[2J\x9b31m\u202e\u2028\ny';
  const { raw, lines } = await logged((log) => {
    log.info({ title: evil, headers: { [`x-${evil}`]: [evil] } }, `fetched ${evil}`);
    log.child({ host: evil }).error(new Error(evil, { cause: new Error(evil) }));
    log.info({ toJSON: () => ({ made: evil }) });
  });
  assert.doesNotMatch(raw.replaceAll('\n', ''), obeyed);
  assert.equal(lines.length, 3);
  JSON.parse(raw.split('\n')[0] ?? '', (key, value) => {
    assert.doesNotMatch(key, obeyed);
    if (typeof value === 'string') assert.doesNotMatch(value, obeyed);
    return value;
  });
  assert.equal(lines[0]?.title, 'x\\x1b[2J\\x9b31m\\u202e\\u2028\\ny');
  assert.match(raw, /"stack":\["Error: /);
});

test('secrets never reach the log: credentials of headers and URLs, cookies, tokens, at any depth', async () => {
  const { raw, lines } = await logged((log) => {
    log.info({
      headers: {
        Authorization: 'Bearer hush-1',
        'proxy-authorization': 'Basic hush-2',
        'set-cookie': ['a=hush-3'],
      },
    });
    log.info({ deep: { er: { still: { cookie: 'hush-4', token: 'hush-5', apiToken: 'hush-6' } } } });
    log.info(
      'redis://:hush-7@localhost:6379/0 rediss://user:hush-8@h/1 redis://:hush/9@h redis://u:hush@10@h',
    );
    log.error(new Error('connect redis://:hush-11@127.0.0.1:6379 failed'));
    log.child({ redis: 'redis://:hush-12@h' }).info('Authorization: Basic hush-13');
    log.warn('sent Bearer hush-14.hush-14 to /?token=hush-15&page=2');
    log.warn('GET http://a.example/?q=1&api_key=hush-20&client_secret=hush-21 and /?Password=hush-22');
  });
  assert.doesNotMatch(raw, /hush/);
  assert.match(
    String(lines[2]?.msg),
    /^redis:\/\/:\[redacted\]@localhost:6379\/0 rediss:\/\/user:\[redacted\]@h\/1 /,
  );
});

test('what only looks like a secret stays', async () => {
  const text = 'http://host:8080/a@b https://medium.com/@user?page=2 me@example.com';
  const { lines } = await logged((log) => log.info({ url: text, cookies: 2, level2: null }, text));
  assert.deepEqual([lines[0]?.url, lines[0]?.msg, lines[0]?.cookies], [text, text, 2]);
  assert.equal(lines[0]?.level, 'info');
  assert.match(String(lines[0]?.time), /^\d{4}-\d\d-\d\dT/);
});

test('a log that cannot be opened is an E_FILE at once', async () => {
  const destination = join(await temporaryDirectory('log'), 'missing', 'drover.log');
  await assert.rejects(
    createLog({ level: 'info', destination }),
    (error) => error instanceof DroverError && error.code === 'E_FILE' && error.message.includes(destination),
  );
});

test('the last lines before process.exit() are written, to stderr if nothing else is asked for', async () => {
  const script = `import { createLog } from ${JSON.stringify(new URL('../../src/log.ts', import.meta.url).href)};
    const log = await createLog({ level: 'info' });
    for (let n = 0; n < 1000; n++) log.info({ n }, 'line');
    log.debug('not at this level');
    process.exit(0);`;
  const child = spawnProgram(['--input-type=module', '-e', script]);
  assert.equal((await child.exit).code, 0);
  assert.equal(child.stdout(), '');
  const lines = child.stderr().trimEnd().split('\n');
  assert.equal(lines.length, 1000);
  assert.equal(JSON.parse(lines.at(-1) ?? '').n, 999);
});
