// Character sets as a browser finds them, and where they are named.
import assert from 'node:assert/strict';
import test from 'node:test';
import { mediaTypeOf } from '../../../../src/fetch/body/media-type.ts';
import { decodeText } from '../../../../src/fetch/body/text.ts';

const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');
const decoded = (body: Uint8Array, contentType: string | null = 'text/html') =>
  decodeText(body, mediaTypeOf(contentType, body));

/** label, what it decodes to (the WHATWG name), bytes, text */
const declared: [string, string, string, string][] = [
  ['utf-8', 'utf-8', '5a 6f c3 ab', 'Zoë'],
  ['UTF8', 'utf-8', '5a 6f c3 ab', 'Zoë'],
  ['shift_jis', 'shift_jis', '93 fa 96 7b', '日本'],
  ['x-sjis', 'shift_jis', '93 fa 96 7b', '日本'],
  ['euc-jp', 'euc-jp', 'c6 fc cb dc', '日本'],
  ['iso-2022-jp', 'iso-2022-jp', '1b 24 42 46 7c 4b 5c 1b 28 42', '日本'],
  ['euc-kr', 'euc-kr', 'c7 d1 b1 b9', '한국'],
  ['ks_c_5601-1987', 'euc-kr', 'c7 d1 b1 b9', '한국'],
  ['gb2312', 'gbk', 'd6 d0 b9 fa', '中国'],
  ['gb18030', 'gb18030', '94 39 fc 36', '😀'],
  ['big5', 'big5', 'a4 a4 b0 ea', '中國'],
  ['windows-1251', 'windows-1251', 'cf f0 e8 e2 e5 f2', 'Привет'],
  ['koi8-r', 'koi8-r', 'f0 d2 c9 d7 c5 d4', 'Привет'],
  ['iso-8859-1', 'windows-1252', '80 20 e9', '€ é'],
  ['windows-1252', 'windows-1252', '81 93 94', '\u0081“”'],
  ['iso-8859-8-i', 'iso-8859-8-i', 'f9 ec e5 ed', 'שלום'],
  ['iso-8859-16', 'iso-8859-16', 'a4', '€'],
  ['utf-16le', 'utf-16le', '5a 00 6f 00 eb 00', 'Zoë'],
  ['utf-16be', 'utf-16be', '00 5a 00 6f 00 eb', 'Zoë'],
  ['x-user-defined', 'x-user-defined', '41 80 ff', 'A\uf780\uf7ff'],
  ['iso-2022-kr', 'replacement', '41 42', '\ufffd'],
];

for (const [label, charset, hex, text] of declared) {
  test(`${label}, named by Content-Type, is decoded as ${charset}`, () => {
    assert.deepEqual(decoded(bytes(hex), `text/html; charset=${label}`), { text, charset });
    assert.deepEqual(decoded(bytes(hex), `text/html;charset="${label.toUpperCase()}"; x=y`), {
      text,
      charset,
    });
  });
}

for (const [name, mark, charset] of [
  ['UTF-8', 'ef bb bf 5a 6f c3 ab', 'utf-8'],
  ['UTF-16LE', 'ff fe 5a 00 6f 00 eb 00', 'utf-16le'],
  ['UTF-16BE', 'fe ff 00 5a 00 6f 00 eb', 'utf-16be'],
]) {
  test(`the byte order mark of ${name} outranks Content-Type, and is not part of the text`, () => {
    for (const type of ['text/html; charset=koi8-r', 'text/html', null]) {
      assert.deepEqual(decoded(bytes(mark ?? ''), type), { text: 'Zoë', charset });
    }
  });
}

const page = (meta: string, hex: string) =>
  Buffer.concat([Buffer.from(`<html><head>${meta}</head>`), bytes(hex)]);

for (const meta of [
  '<meta charset=windows-1251>',
  '<META http-equiv="Content-Type" content="text/html; charset=windows-1251">',
  "<!-- <meta charset=utf-8> --><meta charset='cp1251'>",
]) {
  test(`${meta} is heeded, unless Content-Type says otherwise`, () => {
    const body = page(meta, 'cf f0 e8 e2 e5 f2');
    assert.equal(decoded(body).charset, 'windows-1251');
    assert.ok(decoded(body).text.endsWith('Привет'));
    assert.equal(decoded(body, 'text/html; charset=koi8-r').charset, 'koi8-r');
    assert.equal(
      decoded(body, 'text/html; charset=nonsense').charset,
      'windows-1251',
      'an unknown label is none',
    );
  });
}

test('the XML declaration is heeded', () => {
  const body = Buffer.concat([
    Buffer.from('<?xml version="1.0" encoding="koi8-r"?><a>'),
    bytes('f0 d2 c9'),
    Buffer.from('</a>'),
  ]);
  assert.equal(decoded(body, 'application/xml').charset, 'koi8-r');
  assert.equal(decoded(body, 'text/xml; charset=utf-8').charset, 'utf-8');
});

test('without a declaration, what is valid UTF-8 is UTF-8', () => {
  for (const text of ['plain', '', 'Zoë – 日本語 😀', `<p>${'é'.repeat(50_000)}`]) {
    for (const type of ['text/html', 'text/plain', 'application/json', null]) {
      assert.deepEqual(decoded(Buffer.from(text), type), { text, charset: 'utf-8' });
    }
  }
});

test('without a declaration, what is not UTF-8 is guessed', () => {
  const russian =
    'Добро пожаловать на наш сайт. Здесь вы найдёте новости и прогноз погоды на завтра. '.repeat(3);
  const cp1251 = Buffer.from(
    [...russian].map((c) =>
      c === 'ё' ? 0xb8 : /[а-яА-Я]/.test(c) ? c.charCodeAt(0) - 0x350 : c.charCodeAt(0),
    ),
  );
  assert.deepEqual(decoded(cp1251), { text: russian, charset: 'windows-1251' });
  // Behind more markup than is looked at, a broken byte in it, or hardly any text.
  const late = Buffer.concat([Buffer.alloc(50_000, '<p class=x>'), cp1251]);
  assert.equal(decoded(late).charset, 'windows-1251');
  const broken = Buffer.concat([
    Buffer.from('Größe, Höhe, Länge – '.repeat(20)),
    bytes('ff'),
    Buffer.from('Maße'),
  ]);
  assert.equal(decoded(broken).charset, 'utf-8');
  assert.deepEqual(decoded(bytes('63 61 66 e9')), { text: 'café', charset: 'windows-1252' });
  const japanese = bytes('1b 24 42 46 7c 4b 5c 38 6c 24 47 24 39 1b 28 42 2e'.repeat(20));
  assert.equal(decoded(japanese).charset, 'iso-2022-jp');
  const sjis = Buffer.concat(Array(40).fill(bytes('82 b1 82 f1 82 c9 82 bf 82 cd 90 a2 8a 45')));
  assert.deepEqual(decoded(sjis), { text: 'こんにちは世界'.repeat(40), charset: 'shift_jis' });
});

test('what is broken becomes U+FFFD, and nothing throws', () => {
  assert.equal(decoded(bytes('41 ff 42 c3'), 'text/html; charset=utf-8').text, 'A\ufffdB\ufffd');
  for (let seed = 0; seed < 50; seed++) {
    const noise = Buffer.from(
      Array.from({ length: 300 }, (_, n) => (n * 31 + seed * 97 + n * n * seed) & 255),
    );
    for (const [label] of declared)
      assert.equal(typeof decoded(noise, `text/html; charset=${label}`).text, 'string');
    assert.equal(typeof decoded(noise).text, 'string');
  }
});
