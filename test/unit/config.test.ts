import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { parseSetting } from '../../src/config/parse.ts';
import { readSettings } from '../../src/config/read.ts';
import {
  crawlSettings,
  defaultSettings,
  type SettingName,
  settingNames,
  variableOf,
} from '../../src/config/settings.ts';
import { definitions } from '../../src/config/table.ts';
import { DroverError } from '../../src/errors.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const nowhere = await temporaryDirectory('config');

/** A directory with such a drover.config file. */
async function withFile(name: string, content: string): Promise<string> {
  const directory = await temporaryDirectory('config');
  await writeFile(join(directory, name), content);
  return directory;
}

/** What a refusal of this value says. */
function refusal(name: SettingName, value: unknown): string {
  try {
    const parsed = parseSetting(name, value, 'HERE');
    return assert.fail(`${name} took ${JSON.stringify(value)} as ${JSON.stringify(parsed)}`);
  } catch (error) {
    assert.ok(error instanceof DroverError, String(error));
    assert.equal(error.code, 'E_SETTING');
    return error.detail;
  }
}

test('without flags, variables and file, every setting has its default', async () => {
  assert.deepEqual(await readSettings({}, nowhere, {}), defaultSettings);
});

test('every default is what its own schema gives back', () => {
  for (const name of settingNames) {
    assert.deepEqual(parseSetting(name, definitions[name].default, name), definitions[name].default, name);
  }
});

test('a flag wins over a variable, a variable over the file, the file over the default', async () => {
  const directory = await withFile(
    'drover.config.json',
    '{"perHost": 3, "delay": "3s", "attempts": 3, "body": "none"}',
  );
  const environment = { DROVER_PER_HOST: '5', DROVER_DELAY: '5s', DROVER_LIMIT: '5' };
  const settings = await readSettings({ perHost: '7', limit: '7' }, directory, environment);
  const { perHost, delay, attempts, body, limit, depth } = settings;
  assert.deepEqual([perHost, limit], [7, 7], 'flags');
  assert.equal(delay, 5000, 'variable');
  assert.deepEqual([attempts, body], [3, 'none'], 'file');
  assert.equal(depth, null, 'default');
});

test('an empty variable counts as not given', async () => {
  assert.equal((await readSettings({}, nowhere, { DROVER_DEPTH: '', REDIS_URL: '' })).depth, null);
});

test('every setting is read from its own variable', async () => {
  for (const name of settingNames) {
    const value = samples[name];
    const settings = await readSettings({}, nowhere, { [variableOf(name)]: value });
    assert.notDeepEqual(settings[name], defaultSettings[name], name);
    assert.deepEqual({ ...settings, [name]: null }, { ...defaultSettings, [name]: null }, name);
  }
});

test('drover.config.ts is read, and goes before drover.config.json', async () => {
  const directory = await withFile('drover.config.ts', 'export default { attempts: 9 satisfies number };');
  await writeFile(join(directory, 'drover.config.json'), '{"attempts": 2}');
  assert.equal((await readSettings({}, directory, {})).attempts, 9);
});

test('an unknown variable is refused with the nearest known one', async () => {
  await assert.rejects(readSettings({}, nowhere, { DROVER_TIMOUT_DNS: '1' }), {
    code: 'E_SETTING',
    message: /DROVER_TIMOUT_DNS.*did you mean DROVER_TIMEOUT_DNS\?/,
  });
});

test('an unknown key in the file is refused with the file and the nearest known one', async () => {
  const directory = await withFile('drover.config.json', '{"perhost": 1}');
  await assert.rejects(readSettings({}, directory, {}), {
    code: 'E_SETTING',
    message: /perhost.*drover\.config\.json.*did you mean perHost\?/,
  });
});

test('a file that cannot be read is named', async () => {
  const broken = await withFile('drover.config.json', '{"attempts": ');
  await assert.rejects(readSettings({}, broken, {}), {
    code: 'E_SETTING',
    message: /drover\.config\.json cannot be read/,
  });
  const throwing = await withFile('drover.config.ts', 'throw new Error("my own mistake")');
  await assert.rejects(readSettings({}, throwing, {}), { code: 'E_SETTING', message: /my own mistake/ });
  const folder = await temporaryDirectory('config');
  await mkdir(join(folder, 'drover.config.json'));
  await assert.rejects(readSettings({}, folder, {}), { code: 'E_SETTING' });
});

test('a wrong value is refused with the place that gave it and the value', async () => {
  const bad = { DROVER_DELAY: 'soon' };
  await assert.rejects(readSettings({}, nowhere, bad), {
    message: /DROVER_DELAY: expected a duration.*"soon"/,
  });
  await assert.rejects(readSettings({ perHost: 'many' }, nowhere, {}), { message: /--per-host: .*"many"/ });
  const directory = await withFile('drover.config.json', '{"attempts": 0}');
  await assert.rejects(readSettings({}, directory, {}), {
    message: /attempts in drover\.config\.json: .*got 0/,
  });
});

test('a wrong value of a place that is overruled does no harm', async () => {
  const settings = await readSettings({ delay: '1s' }, nowhere, { DROVER_DELAY: 'soon' });
  assert.equal(settings.delay, 1000);
});

test('a whole number is one, written out, within its bounds', () => {
  assert.equal(parseSetting('depth', '0', ''), 0);
  assert.equal(parseSetting('perHost', 10_000, ''), 10_000);
  for (const wrong of [
    '',
    ' ',
    '-1',
    '1.5',
    '1e3',
    '0x10',
    'two',
    '10001',
    0,
    1.5,
    true,
    [],
    [3],
    {},
    Number.NaN,
  ]) {
    refusal('perHost', wrong);
  }
  for (const wrong of ['', true, false, null, [], [3]]) refusal('maxRedirects', wrong);
});

test('a duration has a unit or is in milliseconds', () => {
  const units = { '': 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 24 }),
      fc.constantFrom(...Object.entries(units)),
      (count, [unit, ms]) => {
        assert.equal(parseSetting('maxPostponed', `${count}${unit}`, ''), count * ms);
      },
    ),
  );
  assert.equal(parseSetting('delay', '1.5s', ''), 1500);
  assert.equal(parseSetting('delay', 250, ''), 250);
  for (const wrong of ['', '5 years', '-1s', 's', '1s2', '1,5s', '25d', '1e3', null, true, [], Number.NaN])
    refusal('delay', wrong);
  refusal('timeoutDns', 0);
  refusal('lockDuration', '999ms');
});

test('a size has a decimal or a binary unit or is in bytes', () => {
  const sizes = {
    '1': 1,
    '512kB': 512_000,
    '512k': 512_000,
    '10MiB': 10_485_760,
    '1.5 GiB': 1_610_612_736,
    '2GB': 2e9,
  };
  for (const [text, bytes] of Object.entries(sizes))
    assert.equal(parseSetting('maxBytes', text, ''), bytes, text);
  for (const wrong of ['', '0', '-1', 'MiB', '1TB', '10 MiBs', null, true]) refusal('maxBytes', wrong);
});

test('a list is repeated as a flag, an array in the file, separated by commas or white space in a variable', () => {
  assert.deepEqual(parseSetting('include', ['a,b', 'c'], ''), ['a,b', 'c']);
  assert.deepEqual(parseSetting('include', ' a, b\n c ,', ''), ['a', 'b', 'c']);
  assert.deepEqual(parseSetting('deadOn', ['403', 410], ''), [403, 410]);
  for (const wrong of ['99', '600', 'teapot', 403, null]) refusal('deadOn', wrong);
  refusal('include', ['']);
});

test('a switch is on or off and nothing else', () => {
  for (const on of [true, '1', 'true']) assert.equal(parseSetting('ignoreRobots', on, ''), true);
  for (const off of [false, '0', 'false']) assert.equal(parseSetting('ignoreRobots', off, ''), false);
  for (const wrong of ['yes', 'on', '', 1, 0, null]) refusal('ignoreRobots', wrong);
});

test('limits by host are checked: the host, each limit, and what goes together', () => {
  const hosts = {
    '*.example.com': { delay: '2s', concurrency: 1 },
    '10.0.0.7:8080': { max: 5, durationMs: '1m' },
  };
  const parsed = {
    '*.example.com': { delay: 2000, concurrency: 1 },
    '10.0.0.7:8080': { max: 5, durationMs: 60_000 },
  };
  assert.deepEqual(parseSetting('hosts', hosts, ''), parsed);
  assert.deepEqual(parseSetting('hosts', JSON.stringify(hosts), ''), parsed);
  assert.match(refusal('hosts', { 'Example.com': {} }), /Example\.com: expected a host such as example\.com/);
  assert.match(refusal('hosts', { 'a.example': { dleay: 1 } }), /a\.example: .*"dleay"/);
  assert.match(refusal('hosts', { 'a.example': { max: 3 } }), /max and durationMs go together/);
  assert.match(refusal('hosts', '{"a.example": '), /expected JSON/);
  for (const wrong of ['a b', 'http://a.example/', '', 'a.*'])
    assert.match(refusal('hosts', { [wrong]: {} }), /expected a host/);
});

test('headers are lines or an object, their names in lower case, their values without line ends', () => {
  assert.deepEqual(parseSetting('header', ['X-One: 1', 'Accept:a:b '], ''), { 'x-one': '1', accept: 'a:b' });
  assert.deepEqual(parseSetting('header', 'X-One: 1, 2', ''), { 'x-one': '1, 2' });
  assert.deepEqual(parseSetting('header', { accept: '*/*' }, ''), { accept: '*/*' });
  for (const wrong of [['no colon'], ['nocolon'], [': x'], ['a b: c'], ['a: b\r\nc: d'], { a: 1 }, 7])
    refusal('header', wrong);
});

test('an address range is an address or a CIDR', () => {
  assert.deepEqual(parseSetting('allowPrivate', '127.0.0.1 10.0.0.0/8 ::1 fd00::/8', '').length, 4);
  for (const wrong of ['localhost', '10.0.0.0/33', '10.0.0.0/', '*']) refusal('allowPrivate', wrong);
});

test('a value of a closed set, a user agent, a Redis address and a prefix are checked', () => {
  const wrong: [SettingName, unknown][] = [
    ...(['scope', 'body', 'logLevel'] as const).map((name): [SettingName, unknown] => [name, 'other']),
    ['userAgent', 'a\nb'],
    ['userAgent', ''],
    ['userAgent', 'é'],
    ['redisUrl', 'http://localhost'],
    ['redisUrl', 'localhost:6379'],
    ['namespace', 'a:b'],
    ['namespace', ''],
    ['dataDir', ''],
  ];
  for (const [name, value] of wrong) refusal(name, value);
  for (const url of ['redis://h:1', 'rediss://u:p@h/1', 'unix:/tmp/x.sock'])
    assert.equal(parseSetting('redisUrl', url, ''), url);
});

test('a refused address of Redis or header is not repeated: it may hold a password', () => {
  assert.doesNotMatch(refusal('header', ['Authorization: secret\r\n', 'secret']), /secret/);
  assert.doesNotMatch(refusal('redisUrl', 'http://user:secret@host'), /secret/);
});

test("the crawl's part is plain JSON and holds nothing of the process", () => {
  const part = crawlSettings(defaultSettings);
  assert.deepEqual(JSON.parse(JSON.stringify(part)), part);
  for (const name of settingNames) assert.equal(name in part, definitions[name].of === 'crawl', name);
});

test('the defaults cannot be changed by whoever reads them', () => {
  assert.throws(() => Object.assign(defaultSettings, { depth: 1 }), TypeError);
});

/** For each setting a value, as a variable gives it, that is not the default. */
const samples: Record<SettingName, string> = {
  ...{
    depth: '1',
    limit: '1',
    scope: 'any',
    include: 'x',
    exclude: 'x',
    perHost: '1',
    delay: '1s',
    attempts: '1',
  },
  ...{
    backoff: '2s',
    maxBackoff: '1s',
    maxPostponed: '1s',
    maxPause: '1s',
    deadOn: '403',
    ignoreRobots: '1',
  },
  ...{ allowPrivate: '10.0.0.0/8', userAgent: 'x', header: 'a: b', body: 'none', stripParams: 'utm_*' },
  ...{ timeoutDns: '1s', timeoutConnect: '1s', timeoutTls: '1s', timeoutSend: '1s', timeoutResponse: '1s' },
  ...{ timeoutRead: '1s', timeoutRequest: '1s', maxBytes: '1', maxRedirects: '1', maxUrlLength: '100' },
  ...{ concurrency: '1', dataDir: 'x', redisUrl: 'redis://h', namespace: 'x', dnsServers: '9.9.9.9' },
  ...{ hosts: '{"a.example": {"delay": "1s"}}', perServer: '1', serverBy: 'address', adaptive: '0' },
  ...{ maxCrawlDelay: '1s', maxFrontier: '1', sitemap: 'auto', maxPerHost: '1', maxPathRepeats: '1' },
  ...{ maxChain: '1', keepSessionIds: '1', lockDuration: '1s', grace: '1s', logLevel: 'warn' },
  ...{ webhook: 'https://hooks.example/', webhookDead: '5', webhookSecret: 'sixteen characters' },
  ...{ autoReplay: '10m', keepDead: '30d', keepDeadCount: '1', purgeUnexported: '1', queuesWritable: '1' },
  ...{ apiHost: '::1', apiPort: '1', apiToken: 'ro:0123456789abcdef', allowHost: 'a.example' },
  ...{ otelEndpoint: 'http://127.0.0.1:4318/v1/traces' },
};

test('tokens of the API: where something is said, it is a token, and each once', () => {
  assert.deepEqual(parseSetting('apiToken', 'ro:0123456789abcdef, fedcba9876543210', 'HERE'), [
    'ro:0123456789abcdef',
    'fedcba9876543210',
  ]);
  for (const nothing of [',', ' , ']) assert.match(refusal('apiToken', nothing), /16 to 256 printable/);
  assert.match(refusal('apiToken', '0123456789abcdef,ro:0123456789abcdef'), /stands there twice/);
});

test('the secret of webhooks is any text of 16 characters, or whsec_ and base64; a wrong one is not shown', () => {
  for (const secret of ['sixteen characters', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])
    assert.equal(parseSetting('webhookSecret', secret, 'HERE'), secret);
  for (const secret of ['too short', 'whsec_not!base64!at!all!!', 'whsec_c2hvcnQgb25l'])
    assert.ok(!refusal('webhookSecret', secret).includes(secret), secret);
  assert.match(refusal('webhookSecret', 'whsec_c2hvcnQgb25l'), /base64 of at least 16 bytes/);
});
