// What a page and the header of its answer ask of robots, and the links of the header.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readDirectives, readHeaderDirectives } from '../../../src/page/directives.ts';
import { readPage } from '../../../src/page/links.ts';

const pageUrl = 'http://host.example/dir/page.html?q=1';

const read = (html: string) => readPage(html, pageUrl, {}, { robot: 'drover' });

test('meta robots is obeyed', () => {
  const robots = (content: string, name = 'robots') => {
    const { nofollow, noindex, links } = read(`<a href=/a><meta name=${name} content="${content}">`);
    return [nofollow, noindex, links.length];
  };
  assert.deepEqual(robots('index, follow'), [false, false, 1]);
  assert.deepEqual(robots('NOFOLLOW'), [true, false, 0]);
  assert.deepEqual(robots('noindex,max-snippet:5'), [false, true, 1]);
  assert.deepEqual(robots(' noarchive , none '), [true, true, 0]);
  assert.deepEqual(robots('noindex nofollow', 'ROBOTS'), [true, true, 0]);
  assert.deepEqual(robots('none', 'googlebot'), [false, false, 1]);
  assert.deepEqual(robots('none', 'drover'), [true, true, 0]);
  assert.deepEqual(robots('noindex', '" Drover "'), [false, true, 1]);
  assert.deepEqual(robots('none', 'drover-images'), [false, false, 1]);
  assert.deepEqual(robots('none', '""'), [false, false, 1]);
  assert.deepEqual(
    read('<meta name=robots content=noindex><meta name=robots content=nofollow>').noindex,
    true,
  );
});

const forbidden = ({ nofollow, noindex }: { nofollow: boolean; noindex: boolean }) =>
  `${nofollow ? 'nofollow' : ''} ${noindex ? 'noindex' : ''}`.trim();

/** Values of X-Robots-Tag, and what they forbid us. */
const tags: [value: string, forbids: string][] = [
  ['noindex, nofollow', 'nofollow noindex'],
  ['NONE', 'nofollow noindex'],
  ['noarchive', ''],
  ['', ''],
  [' , ,: ,:', ''],
  // names
  ['googlebot: nofollow, noindex', ''],
  ['googlebot: nofollow, *: noindex', 'noindex'],
  ['robots:noindex', 'noindex'],
  ['drover: nofollow, noindex', 'nofollow noindex'],
  ['DROVER :\tNoIndex', 'noindex'],
  ['drover:none', 'nofollow noindex'],
  ['googlebot: noindex, drover: nofollow', 'nofollow'],
  ['drover: nofollow, googlebot: noindex', 'nofollow'],
  ['nofollow, drover: noindex', 'nofollow noindex'],
  ['drover: index, follow', ''],
  ['drover-images: none', ''],
  ['notdrover: none', ''],
  ['360spider: none', ''],
  ['Some Bot: none', ''],
  // lines
  ['otherbot: none\nnoindex', 'noindex'],
  ['otherbot: none\nanother: noindex', ''],
  ['drover: nofollow\notherbot: noindex\nnoindex', 'nofollow noindex'],
  // directives with a value
  ['unavailable_after: 25 Jun 2030 15:00:00 PST, nofollow', 'nofollow'],
  ['unavailable_after: Wed, 25 Jun 2030 15:00:00 GMT, nofollow', 'nofollow'],
  ['Unavailable_After: Wednesday, Jun-25-30 15:00:00 GMT, nofollow', 'nofollow'],
  ['unavailable_after: 2030-06-25T15:00:00+00:00, noindex', 'noindex'],
  ['otherbot: unavailable_after: Wed, 25 Jun 2030 15:00:00 GMT, none', ''],
  ['drover: unavailable_after: Wed, 25 Jun 2030 15:00:00 GMT, none', 'nofollow noindex'],
  ['max-snippet: 20, noindex', 'noindex'],
  ['max-snippet:-1,max-video-preview:0,nofollow', 'nofollow'],
  ['max-image-preview: none, nofollow', 'nofollow'],
  ['max-image-preview:none', ''],
  ['max-image-preview:, noindex', 'noindex'],
  // what nobody knows
  ['noai, noimageai, x=1, noindex', 'noindex'],
  ['noindexing, nofollows', ''],
];

for (const [value, forbids] of tags)
  test(`X-Robots-Tag ${JSON.stringify(value)} forbids us ${forbids || 'nothing'}`, () => {
    assert.equal(forbidden(readHeaderDirectives({ 'x-robots-tag': value }, 'drover')), forbids);
  });

const space = fc.constantFrom('', ' ', '  ', '\t');
const directive = fc.constantFrom('none', 'NOINDEX', 'nofollow', 'index', 'noai', 'max-snippet: 5');
const name = fc.stringMatching(/^[a-zA-Z_-]{1,12}$/).filter((each) => !/^(robots|drover)$/i.test(each));
const said = (who: string) =>
  fc
    .tuple(space, space, space, fc.array(directive, { minLength: 1, maxLength: 4 }))
    .map(([a, b, c, list]) => `${a}${who}${b}:${c}${list.join(`,${a}`)}`);

test('what names another robot alone is never obeyed, whatever we are told besides', () => {
  const valuedNames = /^(unavailable_after|max-)/i;
  const others = fc.array(
    name.filter((each) => !valuedNames.test(each)).chain((each) => said(each)),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(others, said('Drover'), (lines, own) => {
      for (const glue of [', ', '\n']) {
        const alone = { 'x-robots-tag': lines.join(glue) };
        assert.equal(forbidden(readHeaderDirectives(alone, 'drover')), '', alone['x-robots-tag']);
        const both = { 'x-robots-tag': [...lines, own].join(glue) };
        const ours = readHeaderDirectives({ 'x-robots-tag': own }, 'drover');
        assert.deepEqual(readHeaderDirectives(both, 'drover'), ours, both['x-robots-tag']);
      }
    }),
  );
});

test('no text makes the parser throw, and none forbids what it does not name', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary-ascii' })), (text) => {
      const { nofollow, noindex } = readDirectives(text, 'drover');
      if (nofollow) assert.match(text, /none|nofollow/i);
      if (noindex) assert.match(text, /none|noindex/i);
    }),
  );
});

test('the Link header gives the targets of next and canonical', () => {
  const targets = (link: string) => readHeaderDirectives({ link }, 'drover').links;
  assert.deepEqual(targets('<https://a.example/?page=2>; rel="next"'), ['https://a.example/?page=2']);
  assert.deepEqual(targets('</a,b;c>; title="x, <y>; rel=next"; rel=next, </d>; REL="prefetch Canonical"'), [
    '/a,b;c',
    '/d',
  ]);
  assert.deepEqual(targets('</css>; rel=preload; as=style, </p>; rel=prev'), []);
  assert.deepEqual(targets('</a>; rel=preload; rel=next, </b>; rel=next; anchor="#x"'), []);
  assert.deepEqual(targets('</a>; title="a \\", </x>; rel=next"; rel=next'), ['/a']);
  assert.deepEqual(targets('/a; rel=next, <b; rel=next'), []);
  const nothing = { nofollow: false, noindex: false, links: [], refresh: null };
  assert.deepEqual(readHeaderDirectives({}, 'drover'), nothing);
});

test('a hostile Link header takes no more than linear time', () => {
  for (const piece of [
    '<',
    '"',
    '\\"',
    ',',
    ';',
    '<>;rel=',
    'rel="',
    '= ',
    'a = ',
    'a:',
    'a\t',
    'max-snippet: ',
  ]) {
    const start = performance.now();
    readHeaderDirectives(
      {
        link: `<a>;${piece.repeat(65_536 / piece.length)}`,
        'x-robots-tag': piece.repeat(65_536 / piece.length),
      },
      'drover',
    );
    assert.ok(performance.now() - start < 1000, piece);
  }
});
