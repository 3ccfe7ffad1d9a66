import assert from 'node:assert/strict';
import test from 'node:test';
import { linesOfHtml, linesOfText, MOST_TEXT } from '../../../src/page/main-text.ts';

test('the text of a page is its lines as people read them', () => {
  const html = `<!doctype html><html><head><title>t</title><style>s</style></head><body>
    <nav>Home</nav><h1>The  <b>shop</b>\n is open</h1><p>One<br>two <a href=x>three</a>.</p>
    <ul><li>a<li>b</ul><table><tr><td>Price</td><td>12</td></tr><tr><th>x<td>y</table>
    <script>alert(1)</script><div hidden>no <p>not this</p> nor this</div>after<pre>1
  2</pre><footer>Imprint</footer></body></html>`;
  const lines = ['The shop is open', 'One', 'two three.', 'a', 'b', 'Price 12', 'x y', 'after', '1', '2'];
  assert.deepEqual(linesOfHtml(html), { lines, isWhole: true });
});

test('a long paragraph is a line for each sentence', () => {
  const sentence = `A sentence ${'that goes on '.repeat(10)}and ends.`;
  assert.deepEqual(linesOfHtml(`<p>${sentence} ${sentence} Short? Yes.`).lines, [
    ...[sentence, sentence, 'Short?', 'Yes.'],
  ]);
  assert.deepEqual(linesOfHtml(`<p>${'今日は。'.repeat(60)}`).lines, Array(60).fill('今日は。'));
});

test('pages without ends, and such as are nested too deeply, are read in time', () => {
  assert.deepEqual(linesOfHtml('<p>a</nav></p></footer>b<nav>c').lines, ['a', 'b']);
  const deep = linesOfHtml(`<p>a${'<div>'.repeat(2_000_000)}b`);
  assert.deepEqual(deep, { lines: ['a'], isWhole: false });
  assert.equal(linesOfHtml(`<p>${'. '.repeat(500_000)}`).lines.length, 500_000);
  assert.equal(linesOfHtml(`${'<b>'.repeat(900)}a${'</x>'.repeat(100_000)}`).isWhole, true);
});

test('of a text that is too long, the beginning is read, and it is said', () => {
  assert.equal(linesOfHtml(`<p>${'word '.repeat(MOST_TEXT / 4)}`).isWhole, false);
  const { lines, isWhole } = linesOfText(` a \n\n${'x'.repeat(MOST_TEXT)}`);
  assert.deepEqual([lines[0], lines.length, isWhole], ['a', 2, false]);
});
