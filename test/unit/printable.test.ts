import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { printable, shorten, widthOf } from '../../src/printable.ts';

/** What must never reach a terminal or a log as it is, spelled out apart from the code under test. */
const obeyed =
  /[\0-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Cs}/u;

/** Any text, rich in what is dangerous. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
      fc.constantFrom(
        '\x1b[31m',
        '\x9b2J',
        '\x1b]0;title\x07',
        '\u202e',
        '\u2066',
        '\u200b',
        '\u2028',
        '\ud800',
        '\r\n',
      ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

test('printable text holds nothing that a terminal obeys or hides, whatever it was made of', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const shown = printable(text);
      assert.doesNotMatch(shown, obeyed);
      assert.equal(printable(shown), shown);
    }),
    { numRuns: 2000 },
  );
});

test('what is shown in the place of a control names it', () => {
  const cases: [string, string][] = [
    ['\x1b[31mred', '\\x1b[31mred'],
    ['a\nb\rc\td\0e\x7ff\x85g', 'a\\nb\\rc\\td\\x00e\\x7ff\\x85g'],
    ['\u202egnp.exe \u2066x\u2069', '\\u202egnp.exe \\u2066x\\u2069'],
    ['zero\u200bwidth\ufeff \u2028', 'zero\\u200bwidth\\ufeff \\u2028'],
    ['lone \ud800 and \udc00', 'lone \\ud800 and \\udc00'],
    ['tag \u{e0041}', 'tag \\u{e0041}'],
  ];
  for (const [text, shown] of cases) assert.equal(printable(text), shown);
});

test('printable Unicode stays as it is, of any length', () => {
  const text = 'Käse 漢字 ひらがな العربية עברית ไทย हिन्दी 😀 ❤️ é e\u0301 € “quoted” \u0600\u0661';
  assert.equal(printable(text), text);
  assert.equal(printable(text.repeat(5000)).length, text.length * 5000);
});

test('shortened text is never wider than asked, and whole if it fits', () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 0, max: 40 }), (text, columns) => {
      const safe = printable(text);
      const short = shorten(safe, columns);
      assert.ok(stringWidth(short) <= columns, `${stringWidth(short)} > ${columns}`);
      if (stringWidth(safe) <= columns && safe.length <= columns * 16) assert.equal(short, safe);
    }),
    { numRuns: 2000 },
  );
  assert.equal(shorten('abcdef', 5), 'abcd…');
  assert.equal(shorten('漢字漢字', 5), '漢字…');
  assert.equal(shorten(`e${'\u0301'.repeat(100_000)}`, 10), '…');
});

test('the width of text is that of string-width, for any text and for each character that is not given to it', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      assert.equal(widthOf(printable(text)), stringWidth(printable(text)));
    }),
    { numRuns: 2000 },
  );
  for (let code = 0x20; code < 0x10000; code++) {
    const text = printable(`a${String.fromCharCode(code)}b`);
    assert.equal(widthOf(text), stringWidth(text), `U+${code.toString(16)}`);
  }
});
