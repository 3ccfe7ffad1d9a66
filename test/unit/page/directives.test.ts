// What a page and the header of its answer ask of robots, and the links of the header.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readHeaderDirectives } from '../../../src/page/directives.ts';
import { readPage } from '../../../src/page/links.ts';

const pageUrl = 'http://host.example/dir/page.html?q=1';

const read = (html: string) => readPage(html, pageUrl, {});

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
  assert.deepEqual(
    read('<meta name=robots content=noindex><meta name=robots content=nofollow>').noindex,
    true,
  );
});

test('X-Robots-Tag is obeyed, unless it names another robot', () => {
  const robots = (value: string) => {
    const { nofollow, noindex } = readHeaderDirectives({ 'x-robots-tag': value });
    return `${nofollow ? 'nofollow' : ''} ${noindex ? 'noindex' : ''}`.trim();
  };
  assert.equal(robots('noindex, nofollow'), 'nofollow noindex');
  assert.equal(robots('NONE'), 'nofollow noindex');
  assert.equal(robots('noarchive'), '');
  assert.equal(robots('googlebot: nofollow, noindex'), '');
  assert.equal(robots('googlebot: nofollow, *: noindex'), 'noindex');
  assert.equal(robots('robots:noindex'), 'noindex');
  assert.equal(robots('unavailable_after: 25 Jun 2030 15:00:00 PST, nofollow'), 'nofollow');
  assert.equal(robots('max-snippet: 20, noindex'), 'noindex');
});

test('the Link header gives the targets of next and canonical', () => {
  const targets = (link: string) => readHeaderDirectives({ link }).links;
  assert.deepEqual(targets('<https://a.example/?page=2>; rel="next"'), ['https://a.example/?page=2']);
  assert.deepEqual(targets('</a,b;c>; title="x, <y>; rel=next"; rel=next, </d>; REL="prefetch Canonical"'), [
    '/a,b;c',
    '/d',
  ]);
  assert.deepEqual(targets('</css>; rel=preload; as=style, </p>; rel=prev'), []);
  assert.deepEqual(targets('</a>; rel=preload; rel=next, </b>; rel=next; anchor="#x"'), []);
  assert.deepEqual(targets('</a>; title="a \\", </x>; rel=next"; rel=next'), ['/a']);
  assert.deepEqual(targets('/a; rel=next, <b; rel=next'), []);
  assert.deepEqual(readHeaderDirectives({}), { nofollow: false, noindex: false, links: [] });
});

test('a hostile Link header takes no more than linear time', () => {
  for (const piece of ['<', '"', '\\"', ',', ';', '<>;rel=', 'rel="', '= ', 'a = ']) {
    const start = performance.now();
    readHeaderDirectives({
      link: `<a>;${piece.repeat(65_536 / piece.length)}`,
      'x-robots-tag': piece.repeat(65_536 / piece.length),
    });
    assert.ok(performance.now() - start < 1000, piece);
  }
});
