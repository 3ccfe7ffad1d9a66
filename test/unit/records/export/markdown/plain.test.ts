// The plain text of a page, however deep its elements stand.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readPlain } from '../../../../../src/records/export/markdown/plain.ts';

test('all of a page nested 200,000 deep is read, in the time of a flat one', () => {
  const deep = 200_000;
  const timed = (html: string) => {
    const began = performance.now();
    const page = readPlain(html, 'http://site.example/');
    return { page, ms: performance.now() - began };
  };
  timed('<div>warm</div>'.repeat(1000));
  const nested = timed(`<html lang=de>${'<div>a'.repeat(deep)}<script>no</script><p>end`);
  const flat = timed('<div>a</div>'.repeat(deep));
  assert.equal(nested.page.text.replaceAll('\n', ''), `${'a'.repeat(deep)}end`);
  assert.ok(nested.page.depth > deep);
  assert.equal(nested.page.language, 'de');
  // The parser alone took twenty times as long, and four times that for twice the depth.
  assert.ok(nested.ms < 5 * flat.ms + 500, `${Math.round(nested.ms)} ms, flat ${Math.round(flat.ms)} ms`);
});
