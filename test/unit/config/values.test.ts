import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseSetting } from '../../../src/config/parse.ts';
import { type SettingName, settingNames } from '../../../src/config/settings.ts';
import { definitions } from '../../../src/config/table.ts';
import { DroverError } from '../../../src/errors.ts';

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

test('every default is what its own schema gives back', () => {
  for (const name of settingNames) {
    assert.deepEqual(parseSetting(name, definitions[name].default, name), definitions[name].default, name);
  }
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

test('a wrong number is told the range, and a wrong item of a list is shown without its list', () => {
  const range = /expected a whole number from 1 to 10000 \(got /;
  for (const wrong of ['0', '10001', '1.5', 'many', 0, 1.5])
    assert.match(refusal('concurrency', wrong), range);
  assert.match(refusal('limit', '0'), /expected a whole number of at least 1 \(got "0"\)/);
  assert.match(refusal('purpose', ['foo']), /expected train-ai, ai-use or search \(got "foo"\)/);
  assert.match(refusal('purpose', ['search', 'foo']), /\(got \["search","foo"\]\)/);
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
  const capital = { 'Example.COM': { delay: 1 }, '[FE80::1]:80': {} };
  assert.deepEqual(parseSetting('hosts', capital, ''), { 'example.com': { delay: 1 }, '[fe80::1]:80': {} });
  assert.match(refusal('hosts', { 'A.example': {}, 'a.example': {} }), /a\.example: given twice/);
  assert.match(refusal('hosts', { 'a.example': { dleay: 1 } }), /a\.example: .*"dleay"/);
  assert.match(refusal('hosts', { 'a.example': { max: 3 } }), /max and durationMs must be given together/);
  assert.match(refusal('hosts', '{"a.example": '), /expected JSON/);
  for (const wrong of ['a b', 'http://a.example/', '', 'a.*'])
    assert.match(refusal('hosts', { [wrong]: {} }), /expected a host/);
});

test('headers are lines or an object, their names in lower case, their values without line ends', () => {
  assert.deepEqual(parseSetting('header', ['X-One: 1', 'Accept:a:b '], ''), { 'x-one': '1', accept: 'a:b' });
  assert.deepEqual(parseSetting('header', 'X-One: 1, 2', ''), { 'x-one': '1, 2' });
  assert.deepEqual(parseSetting('header', { accept: '*/*' }, ''), { accept: '*/*' });
  assert.deepEqual(parseSetting('header', { Authorization: 'Bearer x', "X-!#$'*+.^_`|~9": '' }, ''), {
    authorization: 'Bearer x',
    "x-!#$'*+.^_`|~9": '',
  });
  assert.match(refusal('header', { Accept: 'a', accept: 'b' }), /given twice/);
  assert.match(refusal('header', ['Accept: a', 'accept: b']), /given twice/);
  for (const wrong of ['a b', 'ä', '', 'a:', 'a\n', '(a)']) refusal('header', { [wrong]: 'x' });
  for (const wrong of [['no colon'], ['nocolon'], [': x'], ['a b: c'], ['a: b\r\nc: d'], { a: 1 }, 7])
    refusal('header', wrong);
});

test('an address range is an address or a CIDR', () => {
  assert.deepEqual(parseSetting('allowPrivate', '127.0.0.1 10.0.0.0/8 ::1 fd00::/8', '').length, 4);
  for (const wrong of ['localhost', '10.0.0.0/33', '10.0.0.0/', '*']) refusal('allowPrivate', wrong);
});

test('a value of a closed set, a user agent, a Redis address and a namespace are checked', () => {
  const wrong: [SettingName, unknown][] = [
    ...(['scope', 'body', 'logLevel'] as const).map((name): [SettingName, unknown] => [name, 'other']),
    ['userAgent', 'a\nb'],
    ['userAgent', ''],
    ['userAgent', 'é'],
    ['contact', ''],
    ['contact', 'nobody'],
    ['contact', 'ftp://a.example/'],
    ['contact', 'https://a.example/(x)'],
    ['contact', 'a@b@c'],
    ['contact', 'https://a.example/\n'],
    ['redisUrl', 'http://localhost'],
    ['redisUrl', 'localhost:6379'],
    ['namespace', 'a:b'],
    ['namespace', ''],
    ['dataDir', ''],
    ...['0', '3', '128', 'two'].map((shards): [SettingName, unknown] => ['shards', shards]),
    ...['', '3-1', 'a', '0-', '1,,2'].map((shard): [SettingName, unknown] => ['shard', shard]),
  ];
  for (const [name, value] of wrong) refusal(name, value);
  for (const url of ['redis://h:1', 'rediss://u:p@h/1', 'unix:/tmp/x.sock'])
    assert.equal(parseSetting('redisUrl', url, ''), url);
});

test('tokens of the API: where something is said, it is a token, and each once', () => {
  assert.deepEqual(parseSetting('apiToken', 'ro:0123456789abcdef, fedcba9876543210', 'HERE'), [
    'ro:0123456789abcdef',
    'fedcba9876543210',
  ]);
  for (const nothing of [',', ' , ']) assert.match(refusal('apiToken', nothing), /16 to 256 printable/);
  assert.match(refusal('apiToken', '0123456789abcdef,ro:0123456789abcdef'), /is given twice/);
});

test('the secret of webhooks is any text of 16 characters, or whsec_ and base64; a wrong one is not shown', () => {
  for (const secret of ['sixteen characters', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])
    assert.equal(parseSetting('webhookSecret', secret, 'HERE'), secret);
  for (const secret of ['too short', 'whsec_not!base64!at!all!!', 'whsec_c2hvcnQgb25l'])
    assert.ok(!refusal('webhookSecret', secret).includes(secret), secret);
  assert.match(refusal('webhookSecret', 'whsec_c2hvcnQgb25l'), /base64 of at least 16 bytes/);
});

test('no refused value of a setting that may hold a secret is repeated', () => {
  const secrets = settingNames.filter((name) => definitions[name].secret);
  assert.ok(secrets.length > 0, 'no setting is marked as a secret');
  for (const name of secrets)
    assert.doesNotMatch(refusal(name, { 'hush name': { hush: 'hush' }, hush: ['hush'] }), /hush/, name);
  assert.doesNotMatch(refusal('header', ['Authorization: secret\r\n', 'secret']), /secret/);
  assert.doesNotMatch(refusal('redisUrl', 'http://user:secret@host'), /secret/);
  assert.match(refusal('attempts', 'many'), /many/, 'others are');
});

test('a name server is an address, with or without a port', () => {
  const right = ['9.9.9.9', '127.0.0.1:5353', '2620:fe::fe', '[2620:fe::fe]:53'];
  assert.deepEqual(parseSetting('dnsServers', right.join(','), ''), right);
  for (const wrong of [
    'nonsense',
    'dns.example:53',
    '1.2',
    '9.9.9.9:0',
    '9.9.9.9:65536',
    '[9.9.9.9]:53',
    '[::1]',
  ])
    assert.match(refusal('dnsServers', wrong), /expected the address of a name server/);
});
