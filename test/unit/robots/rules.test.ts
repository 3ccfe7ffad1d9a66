// What a robots.txt allows: every case of the table in rules-cases.ts, the lines that a verdict names,
// Crawl-delay, Sitemap, and the first 500 KiB.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseRobots, withinLimit } from '../../../src/robots/rules.ts';
import { cases, us } from './rules-cases.ts';

for (const [section, list] of Object.entries(cases)) {
  for (const { says, lines, token = 'drover', allowed = [], refused = [] } of list) {
    test(`${section}: ${says}`, () => {
      const rules = parseRobots(lines.join('\n'), token);
      const right = [...allowed, ...refused].map((path) => [path, allowed.includes(path)]);
      assert.deepEqual(
        right.map(([path]) => [path, rules.allows(`http://h.example:8080${path}`).allowed]),
        right,
      );
    });
  }
}

test('a refusal and an allowance name their line, as it is written', () => {
  const rules = parseRobots('\ufeff# x\r\nUser-agent: *\r\n\r\n Disallow:/x # no\rAllow: /x/y\n', 'drover');
  assert.deepEqual(rules.allows('http://h/x'), { allowed: false, rule: 'Disallow:/x', line: 4 });
  assert.deepEqual(rules.allows('http://h/x/y'), { allowed: true, rule: 'Allow: /x/y', line: 5 });
  assert.deepEqual(rules.allows('http://h/z'), { allowed: true, rule: null, line: null });
});

test('Google: lines are counted alike whatever ends them', () => {
  const file = ['User-Agent: foo', 'Allow: /some/path', 'User-Agent: drover', '', '', 'Disallow: /x'];
  const mixed = 'User-Agent: foo\nAllow: /some/path\r\nUser-Agent: drover\n\r\n\nDisallow: /x';
  for (const text of [
    ...['\n', '\r\n', '\r'].flatMap((end) => [file.join(end), file.join(end) + end]),
    mixed,
  ]) {
    assert.equal(parseRobots(text, 'drover').allows('http://h/x').line, 6, JSON.stringify(text));
  }
});

test('a URL without path counts as /', () => {
  const rules = parseRobots('User-agent: *\nDisallow: /$\nDisallow: /?q', 'drover');
  const urls = ['http://h', 'http://h/', 'http://h#x', 'http://h?q', 'http://h/x'];
  assert.deepEqual(
    urls.map((url) => rules.allows(url).allowed),
    [false, false, false, false, true],
  );
});

const delayOf = (...lines: string[]) => parseRobots(lines.join('\n'), 'drover').crawlDelayMs;

test('Crawl-delay is that of the group obeyed: the longest, in seconds with fractions, and of the lines just above it', () => {
  assert.equal(delayOf('User-agent: *', 'Disallow: /x'), null);
  assert.equal(delayOf('User-agent: *', 'Crawl-delay: 10'), 10_000);
  assert.equal(delayOf('User-agent: *', 'Disallow: /x', 'crawl-delay:0.5'), 500);
  assert.equal(delayOf('User-agent: *', 'Crawl-delay: 10', us, 'Disallow: /'), null);
  assert.equal(delayOf(us, 'Crawl-delay: 1', 'User-agent: slow', 'Crawl-delay: 30', 'Disallow: /'), 1000);
  assert.equal(
    delayOf(us, 'Crawl-delay: 1', 'Disallow: /x', us, 'Crawl-delay: 3', us, 'Crawl-delay: 2'),
    3000,
  );
  for (const wrong of ['', '-1', 'ten', '1e3', 'Infinity', '9'.repeat(400), '5s']) {
    assert.equal(delayOf(us, `Crawl-delay: ${wrong}`), null, wrong);
  }
});

test('Sitemap lines are found anywhere, each once, as written', () => {
  const lines = [
    'Sitemap: http://h/a.xml',
    us,
    'SITEMAP:/b.xml # x',
    'Disallow: /',
    'sitemap: http://h/a.xml',
    'Sitemap:',
  ];
  assert.deepEqual(parseRobots(lines.join('\n'), 'other').sitemaps, ['http://h/a.xml', '/b.xml']);
});

const limit = 500 * 1024;

test('RFC 9309 §2.5: whole lines within the first 500 KiB count, and no part of a later one', () => {
  const filler = (bytes: number) => `#${'\u00e9'.repeat((bytes - 2) / 2)}\n`;
  const head = `${us}\n`;
  const lines = 'Disallow: /first\nAllow: /first/x\nDisallow: /last';
  for (const newline of ['\n', '\r', '\r\n']) {
    const text = `${head}${filler(limit - head.length - lines.length - ((head.length + lines.length) % 2))}`;
    const room = limit - Buffer.byteLength(text);
    const exact = `${text}${'\n'.repeat(room - lines.length)}${lines}`;
    assert.equal(Buffer.byteLength(exact), limit);
    const rules = parseRobots(`${exact}${newline}Disallow: /after\n`, 'drover');
    assert.equal(rules.allows('http://h/first').allowed, false);
    assert.equal(rules.allows('http://h/last').allowed, false, 'a line that ends with the limit');
    assert.equal(rules.allows('http://h/after').allowed, true);
  }
  const cut = parseRobots(`${head}${filler(limit - head.length - 7)}Allow: /\nDisallow: /x`, 'drover');
  assert.deepEqual(cut.allows('http://h/a'), { allowed: true, rule: null, line: null });
  const long = parseRobots(`${us}\nDisallow: /x\nDisallow: /${'y'.repeat(limit)}`, 'drover');
  assert.equal(long.allows('http://h/x').allowed, false);
  assert.equal(parseRobots('x'.repeat(2 * limit), 'drover').allows('http://h/').allowed, true);
});

/** What is left of a file that is cut off after 500 KiB on its way here. */
const arrived = (file: string | Buffer) => Buffer.from(file as string).subarray(0, limit);

test('a line that the limit cut in two is no rule, be there a byte order mark or not; one that ends with the limit is', () => {
  for (const mark of ['', '\ufeff']) {
    for (const [before, last, refused] of [
      ['Disallow: /p', 'rivate', false],
      ['Disallow: /', '\n', false],
      ['Disallow: /\n', '# x', true],
    ] as const) {
      const head = `${mark}${us}\n`;
      const filler = `#${'x'.repeat(limit - Buffer.byteLength(head) - before.length - 2)}\n`;
      const text = arrived(`${head}${filler}${before}${last}`);
      assert.equal(parseRobots(text, 'drover').allows('http://h/public').allowed, !refused, before + last);
      assert.deepEqual(withinLimit(withinLimit(text)), withinLimit(text));
    }
  }
});

test('a file in another encoding is read up to its 500 KiB too', () => {
  const comment = Buffer.from(`# ${'\u00e9'.repeat(97)}\n`, 'latin1');
  const comments = Array<Buffer>(5000).fill(comment);
  const text = arrived(Buffer.concat([Buffer.from(`${us}\n`), ...comments, Buffer.from('Disallow: /x\n')]));
  assert.deepEqual(parseRobots(text, 'drover').allows('http://h/x'), {
    ...{ allowed: false, rule: 'Disallow: /x', line: 5002 },
  });
});

/** A line of a robots.txt, the path of a URL, whether that is allowed, the line as it is shown. */
// biome-ignore format: one line a row
const octetRows: [line: Buffer, path: string, allowed: boolean, shown: string][] = [
  [Buffer.from('Disallow: /caf\xe9/', 'latin1'), '/caf%E9/x', false, 'Disallow: /café/'],
  [Buffer.from('Disallow: /caf\xe9/', 'latin1'), '/caf%C3%A9/x', true, ''],
  [Buffer.from('Disallow: /café/'), '/caf%C3%A9/x', false, 'Disallow: /café/'],
  [Buffer.from('Disallow: /café/'), '/caf%E9/x', true, ''],
  [Buffer.from('Disallow: /caf%e9/'), '/caf%E9/x', false, 'Disallow: /caf%e9/'],
  [Buffer.from('Disallow: /*\xea\xe0\xf2$', 'latin1'), '/a/%EA%E0%F2', false, 'Disallow: /*êàò$'],
  [Buffer.from('Disallow: /x?q=\xef', 'latin1'), '/x?q=%EF%F0', false, 'Disallow: /x?q=ï'],
  [Buffer.from('Disallow: /\x93\xfa', 'latin1'), '/%93%FA', false, 'Disallow: /\x93ú'],
  [Buffer.from('Disallow: /\xe0'), '/%C3%A0', false, 'Disallow: /\xe0'],
  [Buffer.from('Disallow: /\xa0', 'latin1'), '/x', true, ''],
  [Buffer.from('Disallow: /\n Allow: /\xe9 # \xe9', 'latin1'), '/%E9', true, 'Allow: /é'],
];

for (const [line, path, allowed, shown] of octetRows)
  test(`RFC 9309 §2.2.2: ${JSON.stringify(line.toString('latin1'))} compared by octets with ${path}`, () => {
    const rules = parseRobots(Buffer.concat([Buffer.from(`${us}\n`), line]), 'drover');
    const found = rules.allows(`http://h${path}`);
    assert.deepEqual([found.allowed, found.rule ?? ''], [allowed, shown]);
  });

test('Google: the first bytes of a byte order mark are passed over, a broken one is not', () => {
  const allows = (start: string) =>
    parseRobots(Buffer.from(`${start}${us}\nDisallow: /x`, 'latin1'), 'drover').allows('http://h/x').allowed;
  assert.deepEqual(['\xef', '\xef\xbb', '\xef\xbb\xbf'].map(allows), [false, false, false]);
  assert.equal(allows('\xef\x11\xbf'), true);
});

test('a Sitemap line is text: UTF-8, else Latin-1', () => {
  const lines = Buffer.concat([Buffer.from('Sitemap: /ü\nSitemap: /'), Buffer.from([0xfc])]);
  assert.deepEqual(parseRobots(lines, 'drover').sitemaps, ['/ü']);
});

test('nothing that a server sends makes parsing or matching throw', () => {
  const words = fc.constantFrom(
    'User-agent',
    'Disallow',
    'Allow',
    'Crawl-delay',
    ':',
    ' ',
    '*',
    '$',
    '%',
    '/',
    '\n',
    '\r',
    'drover',
    '#',
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(words, fc.string({ unit: 'binary', maxLength: 4 }))),
      fc.webUrl(),
      (list, url) => {
        assert.equal(typeof parseRobots(list.join(''), 'drover').allows(url).allowed, 'boolean');
      },
    ),
  );
});

test('whose groups are obeyed is told: those that name the crawler before those for all', () => {
  const groupOf = (text: string) => parseRobots(text, 'Drover/1.0').group;
  assert.equal(groupOf('User-agent: *\nDisallow: /\nUser-agent: DROVER\n'), 'drover');
  assert.equal(groupOf('User-agent: *\nDisallow: /\nUser-agent: other\nDisallow: /\n'), '*');
  assert.equal(groupOf('User-agent: other\nDisallow: /\n'), null);
  assert.equal(groupOf(''), null);
});
