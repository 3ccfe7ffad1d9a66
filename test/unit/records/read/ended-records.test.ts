// Records of an ended crawl by id: the same as find without hasEnded, whatever was done to the files since.
import assert from 'node:assert/strict';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { DroverError } from '../../../../src/errors.ts';
import { EndedRecords } from '../../../../src/records/read/ended-records.ts';
import { openRecordIndexes } from '../../../../src/records/read/record-index.ts';
import { temporaryDirectory } from '../../../support/temporary.ts';

const idOf = (id: number) => id.toString(16).padStart(16, '0');
const names = ['20260101T000000000Z-h-1-000000000000.jsonl', '20260102T000000000Z-h-2-000000000000.jsonl'];
const lineOf = (id: number, claim: number, body: string) =>
  `${idOf(id)} ${claim} ${JSON.stringify({ id: idOf(id), claim, body })}\n`;

async function folderWith(lines: readonly (readonly string[])[]): Promise<string> {
  const dir = await temporaryDirectory('ended');
  mkdirSync(join(dir, 'c'));
  for (const [at, some] of lines.entries()) writeFileSync(join(dir, 'c', names[at] ?? ''), some.join(''));
  return dir;
}

function opened(context: TestContext, dir: string, more: object = {}): EndedRecords {
  const ended = new EndedRecords({ dir, ...more });
  context.after(() => ended.close());
  return ended;
}

type Kept = { id: string; claim: number; body: string | null };
const recordIn = (found: { record: unknown } | null) => (found?.record ?? null) as Kept | null;

test('finds what the store finds: the highest claim, lines short and long, and null for others', async (t) => {
  const long = 'ü'.repeat(300_000);
  const dir = await folderWith([
    [lineOf(1, 0, 'a'), lineOf(2, 1, long), lineOf(3, 0, 'torn'), 'no record at all\n'],
    [lineOf(1, 2, 'newer'), lineOf(2, 0, 'older'), lineOf(4, 0, '')],
  ]);
  appendFileSync(join(dir, 'c', names[1] ?? ''), lineOf(5, 0, 'x').slice(0, -1)); // cut off
  const ended = opened(t, dir);
  const plain = openRecordIndexes({ dir });
  const ids = [1, 2, 3, 4, 5, 6].map(idOf).concat('not-hex');
  const found = await Promise.all(ids.map((id) => ended.find('c', id)));
  for (const [at, id] of ids.entries()) assert.deepEqual(found[at], await plain.find('c', id), id);
  assert.equal(recordIn(found[0] ?? null)?.body, 'newer');
  assert.equal(recordIn(found[1] ?? null)?.body, long);
  assert.equal(await ended.find('none', idOf(1)), null);
});

test('reads the folder once: what is written later is not seen, and costs nothing', async (t) => {
  const dir = await folderWith([[lineOf(1, 0, 'a')]]);
  const ended = opened(t, dir);
  assert.ok(await ended.find('c', idOf(1)));
  appendFileSync(join(dir, 'c', names[0] ?? ''), lineOf(2, 0, 'b'));
  assert.equal(await ended.find('c', idOf(2)), null);
});

test('finds the records after their bodies were taken out, in files that are open and in others', async (t) => {
  const lines = [1, 2, 3].map((id) => lineOf(id, 0, 'x'.repeat(1000 * id)));
  const dir = await folderWith([lines, [lineOf(4, 0, 'y'), lineOf(5, 0, 'z')]]);
  const ended = opened(t, dir);
  assert.equal(recordIn(await ended.find('c', idOf(3)))?.body?.length, 3000);
  for (const name of names) {
    const path = join(dir, 'c', name);
    const without = readFileSync(path, 'utf8').replace(/"body":"[^"]*"/g, '"body":null');
    writeFileSync(`${path}.new`, without);
    renameSync(`${path}.new`, path);
  }
  for (const id of [1, 2, 3, 4, 5]) assert.equal(recordIn(await ended.find('c', idOf(id)))?.id, idOf(id));
  assert.equal(recordIn(await ended.find('c', idOf(5)))?.body, null, 'read from the new file');
});

test('after the folder was removed, finds nothing and goes on', async (t) => {
  const dir = await folderWith([[lineOf(1, 0, 'a')], [lineOf(2, 0, 'b')]]);
  const ended = opened(t, dir);
  assert.ok(await ended.find('c', idOf(1)));
  rmSync(join(dir, 'c'), { recursive: true });
  await assert.rejects(
    ended.find('c', idOf(2)),
    (error) => error instanceof DroverError && error.code === 'E_FILE',
    'a file that was not open yet',
  );
  assert.equal(await ended.find('c', idOf(2)), null);
});

test('a folder with more ids than may be kept has none; one that is asked no more makes room', async (t) => {
  const dir = await folderWith([[1, 2, 3].map((id) => lineOf(id, 0, 'a'))]);
  mkdirSync(join(dir, 'd'));
  writeFileSync(join(dir, 'd', names[0] ?? ''), [7, 8].map((id) => lineOf(id, 0, 'd')).join(''));
  const ended = opened(t, dir, { mostEntries: 4, idleMs: 20 });
  assert.ok(await ended.find('c', idOf(1)));
  assert.equal(await ended.find('d', idOf(7)), null);
  for (let look = 0; look < 200 && !(await ended.find('d', idOf(7))); look++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(await ended.find('d', idOf(7)), 'the folder that nobody asked for was forgotten');
});

test('closes the files that it has opened', { skip: !existsSync('/proc/self/fd') }, async (t) => {
  const dir = await folderWith([[lineOf(1, 0, 'a')], [lineOf(2, 0, 'b')]]);
  const ended = opened(t, dir);
  const open = async () => (await openPaths()).filter((path) => path.startsWith(dir));
  await Promise.all([1, 2, 1, 2].map((id) => ended.find('c', idOf(id))));
  assert.equal((await open()).length, 2);
  await ended.close();
  assert.deepEqual(await open(), []);
});

async function openPaths(): Promise<string[]> {
  const { readdir, readlink } = await import('node:fs/promises');
  const fds = await readdir('/proc/self/fd');
  return Promise.all(fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
}
