import assert from 'node:assert/strict';
import test from 'node:test';
import { type SentRequest, uploadFrom, uploadOf } from '../../../src/client/upload.ts';
import { until } from '../../support/signals.ts';

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

const odd = [
  'https://a.example/',
  new URL('https://a.example/u'),
  { url: 'https://a.example/', label: 'l' },
  '',
  '# no comment\nhttps://a.example/two',
  null,
  7,
  ['https://a.example/'],
  { url: 'https://a.example/', userData: 1n },
] as SentRequest[];

const lines = [
  '{"url":"https://a.example/"}',
  '{"url":"https://a.example/u"}',
  '{"url":"https://a.example/","label":"l"}',
  '{"url":""}',
  '{"url":"# no comment\\nhttps://a.example/two"}',
  ...Array(4).fill('{"url":null}'),
];

test('every request is one line of NDJSON, whatever it is, so that places stay what they are', async () => {
  const expected = `${lines.join('\n')}\n`;
  const upload = uploadOf(odd);
  assert.equal(await textOf(upload.lines()), expected);
  assert.equal(await textOf(upload.lines()), expected, 'an array may be sent again');
  assert.equal(await textOf(uploadFrom(odd).lines()), expected);
  assert.equal(await textOf(uploadOf([]).lines()), '');
  assert.equal(await textOf(uploadFrom([]).lines()), '');
});

test('while its source is silent, an upload sends what it has, then lines without meaning, which do not move the places', async () => {
  const waiting: (() => void)[] = [];
  async function* slow() {
    yield 'https://a.example/0';
    for (let at = 1; at < 3; at++) {
      await new Promise<void>((resolve) => waiting.push(resolve));
      yield `https://a.example/${at}`;
    }
  }
  const upload = uploadFrom(slow(), 5);
  const pieces: string[] = [];
  const sending = (async () => {
    for await (const piece of upload.lines()) {
      pieces.push(piece);
      if (pieces.length === 3 || pieces.length === 6) waiting.shift()?.();
    }
  })();
  await until(() => waiting.length === 0 && pieces.length >= 6, { what: 'silence to be filled twice' });
  await sending;
  const all = pieces.join('').split('\n');
  assert.match(pieces[1] ?? '', /^# {1000,}\n$/);
  const places = all.flatMap((line, at) => (line.startsWith('{') ? [[line, upload.indexOf(at + 1)]] : []));
  assert.deepEqual(
    places,
    [0, 1, 2].map((at) => [`{"url":"https://a.example/${at}"}`, at]),
  );
});

test('a source that is left in the middle is closed', async () => {
  let isClosed = false;
  async function* endless() {
    try {
      for (;;) yield 'https://a.example/';
    } finally {
      isClosed = true;
    }
  }
  for await (const piece of uploadFrom(endless()).lines()) {
    assert.ok(piece.length >= 16_384 && piece.length < 17_000, String(piece.length));
    break;
  }
  await until(() => isClosed, { what: 'the source to be closed' });
});
