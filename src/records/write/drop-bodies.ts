// Takes the bodies out of a crawl's segments. Each segment is written anew beside the old one and then put in
// its place, so that there is a whole one at every moment.
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { haveBodies, withoutBodies } from '../bodies-of-lines.ts';
import { diskError, syncDirectory } from '../disk.ts';
import { ReadSpace, wholeLines } from '../read/whole-lines.ts';
import { SEGMENT_REST_MS, segmentNames } from '../segments.ts';
import { isWriterGone } from './segment.ts';

/** Longer than a writer waits with a segment, with room for clocks that differ. */
const COMPLETE_AFTER_MS = 10 * SEGMENT_REST_MS;
const UNFINISHED = '.without-bodies';

/** As RecordStore.dropBodies, for one records folder. */
export async function dropBodiesIn(directory: string): Promise<boolean> {
  let isComplete = true;
  try {
    for (const name of await segmentNames(directory)) {
      const path = join(directory, name);
      const idleMs = Date.now() - (await stat(path)).mtimeMs;
      if (idleMs > COMPLETE_AFTER_MS || isWriterGone(name)) await rewrite(directory, path);
      else if (await hasBodies(path)) isComplete = false;
    }
    await removeUnfinished(directory);
    return isComplete;
  } catch (error) {
    throw diskError(error, directory);
  }
}

async function hasBodies(path: string): Promise<boolean> {
  for await (const lines of wholeLines(path, new ReadSpace())) if (haveBodies(lines)) return true;
  return false;
}

async function rewrite(directory: string, path: string): Promise<void> {
  if (!(await hasBodies(path))) return;
  const beside = `${path}${UNFINISHED}-${randomBytes(6).toString('hex')}`;
  const file = await open(beside, 'wx');
  try {
    await copyWithoutBodies(path, file);
    await file.datasync();
  } catch (error) {
    await unlink(beside).catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
  await rename(beside, path);
  await syncDirectory(directory);
}

async function copyWithoutBodies(path: string, file: FileHandle): Promise<void> {
  for await (const lines of wholeLines(path, new ReadSpace())) await file.appendFile(withoutBodies(lines));
}

/** What a process that was killed has left, when it is so old that no process can still be at it. */
async function removeUnfinished(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names.filter((each) => each.includes(`.jsonl${UNFINISHED}-`))) {
    const path = join(directory, name);
    const found = await stat(path).catch(() => null);
    if (found && Date.now() - found.mtimeMs > COMPLETE_AFTER_MS) await unlink(path).catch(() => undefined);
  }
}
