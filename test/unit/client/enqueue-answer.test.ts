import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { readEnqueueAnswer } from '../../../src/client/enqueue-answer.ts';

async function* pieces(text: string, size: number): AsyncGenerator<string> {
  for (let start = 0; start < text.length; start += size) yield text.slice(start, start + size);
}

test('an answer is read as JSON.parse reads it, in every division into pieces, but for the elements beyond the first', async () => {
  const rejection = fc.record(
    { line: fc.nat(), url: fc.string(), more: fc.option(fc.array(fc.string())) },
    { noNullPrototype: true },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.record(
        { crawl: fc.string(), accepted: fc.nat(), rejected: fc.array(rejection, { maxLength: 8 }) },
        { noNullPrototype: true },
      ),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(undefined, 2),
      async (answer, size, indent) => {
        const read = await readEnqueueAnswer(pieces(JSON.stringify(answer, null, indent), size), 3);
        assert.deepEqual(read, {
          frame: { ...answer, rejected: [] },
          elements: answer.rejected.slice(0, 3),
          count: answer.rejected.length,
        });
      },
    ),
    { numRuns: 300 },
  );
});

test('an answer of 150 MB takes no memory to speak of; what is no answer is a SyntaxError', async () => {
  const element = `${JSON.stringify({ line: 1, url: 'x'.repeat(200), code: 'E_URL_INVALID', message: 'm' })},`;
  const piece = element.repeat(4000);
  let most = 0;
  async function* large() {
    yield '{"crawl":"c","rejected":[';
    for (let sent = 0; sent < 150; sent++) {
      yield piece;
      most = Math.max(most, process.memoryUsage().rss);
    }
    yield `${element.slice(0, -1)}]}\n`;
  }
  const before = process.memoryUsage().rss;
  const { count, elements } = await readEnqueueAnswer(large(), 1000);
  assert.deepEqual([count, elements.length], [600_001, 1000]);
  assert.ok(most - before < 100 * 2 ** 20, `${most - before} bytes more`);
  for (const text of ['', '<p>', '{"a":1', '[1]x'])
    await assert.rejects(readEnqueueAnswer(pieces(text, 3), 5), SyntaxError, text);
});
