// Where a backup lies: in a file, or in a bucket as objects of some megabytes with a list of them, which
// comes last. So one that was cut off is none.
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { isS3, readS3Address } from '../config/s3-address.ts';
import { DroverError } from '../errors.ts';
import { diskError } from '../records/disk.ts';
import { removeLeftovers } from '../records/export/leftovers.ts';
import { openOutput } from '../records/export/output.ts';
import { type Bucket, openBucket } from '../records/s3/bucket.ts';

const PART_BYTES = 16 * 1024 * 1024;
const LIST = 'backup.json';
const MOST_LIST = 8 * 1024 * 1024;

export interface BackupOutput {
  write(bytes: Buffer): Promise<void>;
  /** It is complete: from now on, it is there. */
  finish(): Promise<void>;
  /** It is not to be. What was there before stays. */
  discard(): Promise<void>;
}

/**
 * `place`: a path, or s3://bucket/prefix as settings have it. Throws E_FILE_EXISTS when there is a backup
 * already, unless `overwrite` says so; E_FILE, E_DISK_FULL and errors of layer store.
 */
export async function openBackupOutput(place: string, overwrite: boolean): Promise<BackupOutput> {
  if (isS3(place)) return bucketOutput(openBucket(readS3Address(place)), overwrite);
  await removeLeftovers(place);
  const output = await openOutput(place, { overwrite });
  return {
    write: async (bytes) => void (await output.write(bytes)),
    finish: output.finish,
    discard: output.discard,
  };
}

/** Reads a backup from its beginning. Throws E_FILE, E_BACKUP_BROKEN and errors of layer store. */
export async function* readPlace(place: string): AsyncGenerator<Buffer> {
  if (isS3(place)) {
    const bucket = openBucket(readS3Address(place));
    try {
      const list = await readList(bucket);
      if (list === null)
        throw new DroverError('E_BACKUP_BROKEN', `${bucket.name}: there is no complete backup.`);
      for (const { name, bytes } of list) {
        const part = await bucket.get(name, bytes);
        if (part?.length !== bytes)
          throw new DroverError('E_BACKUP_BROKEN', `${bucket.name}: its part ${name} is missing or cut off.`);
        yield part;
      }
    } finally {
      bucket.close();
    }
    return;
  }
  try {
    for await (const chunk of createReadStream(place, { highWaterMark: 1024 * 1024 })) yield chunk;
  } catch (error) {
    throw diskError(error, place);
  }
}

interface BackupPart {
  name: string;
  bytes: number;
}

async function bucketOutput(bucket: Bucket, overwrite: boolean): Promise<BackupOutput> {
  const former = await readList(bucket).catch((error) => {
    if (overwrite && error instanceof DroverError && error.code === 'E_BACKUP_BROKEN') return [];
    throw error;
  });
  if (former !== null && !overwrite) throw new DroverError('E_FILE_EXISTS', `${bucket.name}: a backup.`);
  const id = randomUUID();
  const list: BackupPart[] = [];
  let held: Buffer[] = [];
  let heldBytes = 0;

  async function put(): Promise<void> {
    const name = `${id}-${String(list.length).padStart(6, '0')}.part`;
    const body = Buffer.concat(held);
    await bucket.put(name, body, false);
    list.push({ name, bytes: body.length });
    [held, heldBytes] = [[], 0];
  }

  return {
    async write(bytes) {
      held.push(bytes);
      heldBytes += bytes.length;
      if (heldBytes >= PART_BYTES) await put();
    },
    async finish() {
      if (heldBytes > 0) await put();
      await bucket.put(LIST, Buffer.from(`${JSON.stringify(list)}\n`), false);
      await bucket.delete((former ?? []).map(({ name }) => name));
      bucket.close();
    },
    async discard() {
      await bucket.delete(list.map(({ name }) => name)).catch(() => undefined);
      bucket.close();
    },
  };
}

/** Null if there is none. */
async function readList(bucket: Bucket): Promise<BackupPart[] | null> {
  const text = await bucket.get(LIST, MOST_LIST);
  if (text === null) return null;
  try {
    const list = JSON.parse(text.toString()) as BackupPart[];
    if (list.every(({ name, bytes }) => /^[\w-]+\.part$/.test(name) && bytes > 0 && bytes < 2 ** 31))
      return list;
  } catch {
    // told below
  }
  throw new DroverError('E_BACKUP_BROKEN', `${bucket.name}: its list of parts, ${LIST}, cannot be read.`);
}
