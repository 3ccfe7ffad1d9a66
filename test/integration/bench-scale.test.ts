// A small simulation of a fleet over two Redis processes: what it prints adds up, and memory ends it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const program = fileURLToPath(new URL('../../bench/scale.ts', import.meta.url));
const small = ['--redis', '2', '--shards', '4', '--urls', '4000', '--hosts', '200', '--seeds', '100'];

interface Printed {
  end: string;
  total: { tested: number; fresh: number; pages: number; abroad: number };
  tenths: { redisMicroseconds: number[]; bytesPerSeen: number; balanceSeen: number }[];
}

async function simulate(...args: string[]): Promise<Printed> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...small, '--json', ...args]);
  return JSON.parse(stdout) as Printed;
}

for (const queue of [[], ['--queue']])
  test(`URLs of four shards on two Redis processes are decided ${queue[0] ?? 'without BullMQ'}`, async () => {
    const { end, total, tenths } = await simulate(...queue);
    const last = tenths.at(-1);
    assert.ok(last && end === 'done');
    assert.equal(tenths.length, 10);
    assert.ok(total.tested >= 4000);
    // Each page ended once, with 20 links, of which two were new wherever they led.
    assert.deepEqual([total.tested, total.fresh], [20 * total.pages, 2 * total.pages]);
    assert.ok(total.abroad > total.tested / 10, JSON.stringify(total));
    assert.equal(last.redisMicroseconds.length, 2);
    assert.ok(last.bytesPerSeen > 7 && last.bytesPerSeen < 20);
    assert.ok(last.balanceSeen >= 1 && last.balanceSeen < 3);
  });

test('a simulation ends when the memory that it may use is used up', async () => {
  const { end, tenths } = await simulate('--urls', '400000', '--most-memory', '0.01');
  assert.equal(end, 'memory');
  assert.ok(tenths.length < 10, `${tenths.length} tenths`);
});
