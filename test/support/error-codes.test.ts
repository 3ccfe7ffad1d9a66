import assert from 'node:assert/strict';
import test from 'node:test';
import { listsOfCodes, listsOfLayers, messagesTakenApart } from './error-codes.ts';

const lists: [string, string][] = [
  ['a set', `const final = new Set(['E_SSRF', 'E_TLS']);`],
  ['a set over several lines', `new Set<ErrorCode>([\n  'E_SSRF', // by the guard\n  "E_TLS",\n]);`],
  ['a table', `const statuses = {\n  E_AUTH: 401,\n  E_ROUTE: 404,\n};`],
  ['a table with quoted keys', `const statuses = { 'E_AUTH': 401, ['E_ROUTE']: 404 };`],
  ['a switch', `switch (code) { case 'E_AUTH': case 'E_ROUTE': return 1; case 'E_FILE': return 2; }`],
  ['a chain of questions', `if (code === 'E_AUTH' || 'E_ROUTE' === code || code !== 'E_FILE') return;`],
  ['questions one by one', `codes.has('E_AUTH');\ncodes.has('E_ROUTE');\ncodes.has('E_FILE');`],
  ['a text of codes', `'E_AUTH E_ROUTE'.split(' ').includes(code)`],
  ['the beginning of codes', `code.startsWith('E_TLS_')`],
  ['a code put together', `const code = \`E_\${name}\`;`],
  ['a regular expression', `return /^E_(DNS|TLS)/.test(code);`],
  ['another one', `if (/E_DNS_TIMEOUT/.test(code)) return;`],
];

test('a list of codes is found, in whatever form it comes', () => {
  for (const [form, source] of lists) assert.notDeepEqual(listsOfCodes(source), [], form);
});

test('raising a code, naming what others call it and asking for one are no lists', () => {
  const raised = [
    `throw new DroverError('E_FILE', 'x'); return failure('E_SSRF');`,
    `const byCode: Record<string, ErrorCode> = {\n  EPERM: 'E_CONNECT_UNREACHABLE',\n  EPIPE: 'E_RESET',\n};`,
    `const replies = [\n  [/^OOM /, 'E_REDIS_MEMORY'],\n  [/^READONLY /, 'E_REDIS_READONLY'],\n  [/^MISCONF /, 'E_DISK_FULL'],\n];`,
    `if (code === 'E_SSRF') return;\nif (code !== 'E_ROBOTS') return;`,
    `return reading ? 'E_BODY_TRUNCATED' : 'E_RESET';`,
    `/** Throws E_FILE, E_USAGE and E_SETTING. */\nconst leftOut = { E_URL_TOO_LONG: 1 };`,
    `throw new DroverError("E_FILE", \`-o \${option}: \${text}\`);`,
  ];
  for (const source of raised) assert.deepEqual(listsOfCodes(source), [], source);
});

test('a list of layers is found; the phases of a fetch are none', () => {
  assert.notDeepEqual(listsOfLayers(`new Set(['dns', 'tls', 'guard'])`), []);
  assert.notDeepEqual(listsOfLayers(`layer === 'redis' || layer === 'disk'`), []);
  assert.deepEqual(listsOfLayers(`['dns', 'connect', 'tls', 'read']; layer !== 'redis'; ['api', 'web']`), []);
});

test('a message that is taken apart is found; one that is shortened or looked through is not', () => {
  const apart = [
    `/^(\\S+) (.*)$/.exec(job.failedReason ?? '') ?? []`,
    `/: (E_[A-Z]+) /.exec(refused.message)`,
    `message.slice(means.length)`,
    `error.detail.includes('--exclude')`,
    `(job.failedReason ?? '').split(' ')`,
  ];
  for (const source of apart) assert.equal(messagesTakenApart(source).length, 1, source);
  assert.deepEqual(messagesTakenApart(`message.slice(0, 200); letter.message.toLowerCase()`), []);
});
