// The gate between socket and parser: however the bytes of an answer are cut into pieces, the same comes out.
import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import test from 'node:test';
import fc from 'fast-check';
import { expectAnswer, guardAnswers, isReusable } from '../../../../src/fetch/framing/answer-gate.ts';

const ok = 'HTTP/1.1 200 OK\r\n';
const chunked = `${ok}Transfer-Encoding: chunked\r\n\r\n`;

/** What comes behind the gate, and whether the connection may be used again. */
function passed(pieces: readonly Buffer[], method = 'GET'): { text: string; reusable: boolean } {
  const socket = new Duplex({ read: () => undefined, write: (_, __, done) => done() });
  let error: NodeJS.ErrnoException | null = null;
  socket.on('error', (thrown) => (error = thrown));
  guardAnswers(socket);
  expectAnswer(socket, method);
  const out: Buffer[] = [];
  const take = () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) out.push(chunk);
  };
  for (const piece of pieces) {
    socket.push(piece);
    take();
  }
  const failed = socket.errored as NodeJS.ErrnoException | null;
  const text = Buffer.concat(out).toString('latin1');
  return { text: failed ? `${failed.code}` : text, reusable: isReusable(socket) && error === null };
}

// biome-ignore format: one line a row
const rows: [what: string, bytes: string, comes: string | null, reusable: boolean, method?: string][] = [
  ['a plain answer', `${ok}Content-Length: 2\r\n\r\nhi`, null, true],
  ['an interim answer before it', `HTTP/1.1 100 Continue\r\n\r\n${ok}Content-Length: 2\r\n\r\nhi`, null, true],
  ['plain chunks', `${chunked}2\r\nhi\r\n0\r\n\r\n`, null, true],
  ['data that looks like lines', `${chunked}9\r\n0\r\n\r\n0 \r\n\r\n0\r\n\r\n`, null, true],
  ['trailers', `${chunked}2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n`, `${chunked}2\r\nhi\r\n0\r\n\r\n`, true],
  ['chunks announced for HEAD', `${chunked}`, null, true, 'HEAD'],
  ['LF alone', `HTTP/1.1 200 OK\nContent-Length: 2\n\nhi`, `${ok}Content-Length: 2\r\n\r\nhi`, false],
  ['a fold', `${ok}X: a\r\n b\r\n\r\nhi`, `${ok}X: a b\r\n\r\nhi`, false],
  ['odd chunks', `${chunked}2 \r\nhi\n0\n\n`, `${chunked}2\r\nhi\r\n0\r\n\r\n`, false],
  ['NUL', `${ok}X: \0\r\n\r\n`, 'HPE_INVALID_HEADER_TOKEN', false],
  ['no head', 'SSH-2.0-OpenSSH\r\n', 'HPE_INVALID_CONSTANT', false],
];

for (const [what, bytes, comes, reusable, method] of rows)
  test(`${what}: the same comes out, wherever it is cut`, () => {
    const whole = Buffer.from(bytes, 'latin1');
    fc.assert(
      fc.property(fc.array(fc.nat(whole.length), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), whole.length];
        const pieces = at.slice(1).map((end, index) => whole.subarray(at[index], end));
        const given = pieces.filter((piece) => piece.length > 0);
        assert.deepEqual(passed(given, method), { text: comes ?? bytes, reusable });
      }),
      { numRuns: 200 },
    );
  });
