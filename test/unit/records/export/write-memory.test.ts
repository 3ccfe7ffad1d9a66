// Memory for an export does not grow with the number of records: more text than the heap may hold goes
// through.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../../../support/temporary.ts';

const at = (path: string) => new URL(`../../../../${path}`, import.meta.url).href;
const program = `
  const [file, records] = process.argv.slice(1);
  const { writeExport } = await import('${at('src/records/export/write.ts')}');
  const { exportFormat } = await import('${at('src/records/export/format.ts')}');
  const { EVERY_RECORD } = await import('${at('src/records/filter.ts')}');
  const { recordJson } = await import('${at('src/records/line.ts')}');
  const { recordOf } = await import('${at('test/support/records/odd-records.ts')}');
  async function* many() {
    for (let number = 0; number < Number(records); number++) {
      const json = recordJson(recordOf(number, { body: String(number).padEnd(20_000, ' text') }));
      yield { bytes: Buffer.from(json + '\\n'), lines: 1 };
    }
  }
  const output = { format: exportFormat(undefined, file), path: file, overwrite: false };
  console.log((await writeExport(many(), output, EVERY_RECORD)).records);
`;

for (const name of ['a.parquet', 'a.json.gz'])
  test(`${name}: 160 MB of records go through a heap of 96 MB`, async () => {
    const file = join(await temporaryDirectory('memory'), name);
    const args = ['--max-old-space-size=96', '--input-type=module', '-e', program, file, '8000'];
    const { stdout } = await promisify(execFile)(process.execPath, args, {
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    });
    assert.equal(stdout, '8000\n');
    assert.ok((await stat(file)).size > 10_000);
  });
