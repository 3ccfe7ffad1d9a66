import assert from 'node:assert/strict';
import test from 'node:test';
import {
  catalogue,
  DroverError,
  type ErrorCode,
  entryOf,
  failure,
  isFailure,
  knownFailure,
  layerOf,
  packFailure,
  shownFailure,
  unpackFailure,
} from '../../src/errors.ts';

const codes = Object.keys(catalogue) as ErrorCode[];

test('every code is E_ and upper-case words', () => {
  for (const code of codes) assert.match(code, /^E(_[0-9A-Z]+)+$/);
});

test('every error says in a sentence what happened, and in another what to do', () => {
  for (const code of codes) {
    const { means, advice } = catalogue[code];
    assert.match(means, /^[A-Z].{8,}\.$/, code);
    assert.match(advice, /^[A-Za-z].{8,}\.$/, code);
    assert.ok(means.length + advice.length < 200, code);
  }
});

test('no two codes say the same', () => {
  assert.equal(new Set(codes.map((code) => catalogue[code].means)).size, codes.length);
});

test('every code has all its decisions', () => {
  const flags = ['retry', 'lasting', 'hostDown', 'wholeHost', 'strain'] as const;
  for (const code of codes) {
    const entry = catalogue[code];
    for (const flag of flags) assert.equal(typeof entry[flag], 'boolean', `${code} ${flag}`);
    assert.ok([null, 'recorded', 'refused', 'dead', 'lost', 'left out'].includes(entry.ends), code);
    assert.ok(entry.status === null || (entry.status >= 400 && entry.status < 600), code);
    assert.ok(entry.exit === 2 || entry.exit === 3, code);
    const ofSome = ['passes', 'advised', 'brokenLink', 'tellsOfPage', 'ofProxy'];
    assert.deepEqual(
      Object.keys(entry)
        .filter((key) => !ofSome.includes(key))
        .sort(),
      [...flags, 'advice', 'ends', 'exit', 'layer', 'means', 'status'].sort(),
      code,
    );
  }
});

test('the decisions on a code do not contradict each other', () => {
  for (const code of codes) {
    const { ends, retry, lasting, hostDown, strain, status, exit, tellsOfPage } = catalogue[code];
    assert.ok(!tellsOfPage || !retry, `${code}: what another attempt may change is no word on the page`);
    assert.ok(!retry || ends === 'dead', `${code}: what is tried again is a dead letter in the end`);
    assert.ok(!(retry && lasting), `${code}: what lasts is not tried again`);
    assert.ok(!hostDown || retry, `${code}: a host that is down is asked again at once, before the replay`);
    assert.ok(!strain || retry, `${code}: a host under strain is asked again`);
    // 409: it is there, but in another place, and asking again changes nothing.
    const isNoFault = status === 503 || status === 409;
    assert.ok(exit === 2 || isNoFault, `${code}: what drover lacks is no fault of the caller's`);
  }
});

test('what the host, its name server or the way to it did is tried again by a replay, and nothing else', () => {
  assert.deepEqual(
    codes.filter((code) => catalogue[code].hostDown),
    [
      'E_ROBOTS_UNREACHABLE',
      'E_DNS_TEMPORARY',
      'E_DNS_TIMEOUT',
      'E_CONNECT_REFUSED',
      'E_CONNECT_UNREACHABLE',
      'E_CONNECT_TIMEOUT',
      'E_RESET',
      'E_PROXY_CONNECT',
      'E_PROXY_AUTH',
      'E_PROXY_REFUSED',
      'E_TLS_TIMEOUT',
      'E_SEND_TIMEOUT',
      'E_RESPONSE_TIMEOUT',
      'E_READ_TIMEOUT',
      'E_HTTP_5XX',
    ],
  );
});

test('what drover needs and has not ends a command with exit code 3, what its user can put right with 2', () => {
  const lacking = codes.filter((code) => catalogue[code].exit === 3);
  assert.ok(lacking.includes('E_REDIS_DOWN') && lacking.includes('E_DISK_FULL'));
  assert.deepEqual(
    lacking,
    codes.filter(
      (code) =>
        ['redis', 'disk', 'store'].includes(catalogue[code].layer) &&
        !/^E_(FILE|STORE_OTHER|BACKUP_BROKEN|NAMESPACE_USED|NOT_AT_REST|SHARDS)/.test(code),
    ),
  );
});

test('a failure comes back from its packed form, all but its cause', () => {
  for (const code of codes) {
    for (const given of [failure(code), failure(code, 'a.example:80: two\nlines.')]) {
      assert.deepEqual(knownFailure(unpackFailure(packFailure(given))), given);
      assert.deepEqual(unpackFailure(packFailure(given)), shownFailure(given));
    }
  }
  const caused = failure('E_ROBOTS_UNREACHABLE', 'http://a/robots.txt', failure('E_DNS_NOT_FOUND', 'a.'));
  const { cause, ...rest } = caused;
  assert.equal(cause?.code, 'E_DNS_NOT_FOUND');
  assert.deepEqual(knownFailure(unpackFailure(packFailure(caused))), rest);
});

test('what another release, or BullMQ, left behind is read as far as that goes', () => {
  const worded = { code: 'E_RESET', layer: 'connect', message: 'Worded otherwise. a:80' } as const;
  assert.deepEqual(knownFailure(unpackFailure('E_RESET Worded otherwise. a:80')), {
    ...worded,
    detail: worded.message,
  });
  const unknown = unpackFailure(`E_${'OF_TOMORROW'} x y`);
  assert.deepEqual(unknown, { code: `E_${'OF_TOMORROW'}`, layer: 'queue', message: 'x y' });
  assert.equal(knownFailure(unknown), null);
  assert.deepEqual(unpackFailure(''), { code: '', layer: 'queue', message: '' });
  assert.equal(entryOf('constructor'), null);
  assert.equal(layerOf('toString'), 'queue');
});

test('a failure is told from what else is thrown or aborts', () => {
  assert.ok(isFailure(failure('E_LOCK_LOST')));
  const others = [
    null,
    'E_RESET',
    new DroverError('E_FILE'),
    AbortSignal.abort().reason,
    { code: 20, message: '' },
  ];
  for (const other of others) assert.equal(isFailure(other), false);
});

test('only code, layer and message are told outside', () => {
  const caused = failure('E_ROBOTS_UNREACHABLE', 'x', failure('E_DNS_NOT_FOUND'));
  assert.deepEqual(Object.keys(shownFailure(caused)), ['code', 'layer', 'message']);
});

test('a failure is plain data: code, layer, sentence, and the detail after it', () => {
  const means = 'The name does not exist.';
  assert.deepEqual(failure('E_DNS_NOT_FOUND'), { code: 'E_DNS_NOT_FOUND', layer: 'dns', message: means });
  const detailed = failure('E_DNS_NOT_FOUND', 'no.example');
  assert.deepEqual([detailed.message, detailed.detail], [`${means} no.example`, 'no.example']);
  assert.equal(failure('E_DNS_NOT_FOUND', '').message, means);
});

test('a DroverError carries code, layer, advice and its cause', () => {
  const cause = new Error('original');
  const error = new DroverError('E_DATA_DIR', 'It is /x.', { cause });
  assert.ok(error instanceof Error);
  assert.equal(error.message, 'The data directory cannot be written. It is /x.');
  const { name, code, layer, detail } = error;
  assert.deepEqual(
    { name, code, layer, detail, cause: error.cause },
    {
      ...{ name: 'DroverError', code: 'E_DATA_DIR', layer: 'disk', detail: 'It is /x.', cause },
    },
  );
  assert.equal(error.advice, catalogue.E_DATA_DIR.advice);
  assert.equal(new DroverError('E_DATA_DIR').message, catalogue.E_DATA_DIR.means);
});
