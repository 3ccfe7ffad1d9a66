// Writes a backup of a namespace.
import { readVersion } from '../config/own-package.ts';
import { FORMAT } from '../fleet/format.ts';
import type { Fleet } from '../fleet.ts';
import { readFacts } from '../redis/facts.ts';
import { type Copied, copyNamespace } from './copy.ts';
import { BackupBytes, type BackupHeader } from './format.ts';
import { openBackupOutput } from './place.ts';

/** Bytes are handed to the file or bucket in pieces of this size. */
const PIECE_BYTES = 1024 * 1024;

export interface BackupDone extends Copied {
  /** How many keys were written, those that changed meanwhile more than once. */
  entries: number;
  bytes: number;
  /** How long all of it took. */
  tookMs: number;
}

/**
 * `place`: a path, or s3://bucket/prefix. The file or the list of the bucket appears when all is written. All
 * writes of these Redis wait for the last moment of it. Throws E_FILE_EXISTS (unless `overwrite`), E_FILE,
 * E_DISK_FULL, E_BACKUP_UNSTEADY, and errors of the layers redis and store.
 */
export async function writeBackup(fleet: Fleet, place: string, overwrite: boolean): Promise<BackupDone> {
  const began = performance.now();
  const { facts } = await readFacts(fleet.redis);
  const header: BackupHeader = {
    at: new Date().toISOString(),
    drover: readVersion(),
    format: FORMAT,
    namespace: fleet.namespace,
    ...(fleet.shards.length > 1 ? { shards: fleet.shards.length } : {}),
    server: facts.server,
  };
  const output = await openBackupOutput(place, overwrite);
  try {
    const bytes = new BackupBytes();
    let held = [bytes.begin(header)];
    let heldBytes = 0;
    let written: Promise<unknown> = Promise.resolve();
    // Entries of several servers come at once, and stay in the order in which they were counted.
    const flush = async () => {
      const piece = Buffer.concat(held);
      [held, heldBytes] = [[], 0];
      written = written.then(() => output.write(piece));
      await written;
    };
    const copied = await copyNamespace(fleet, async (entry) => {
      for (const part of bytes.entry(entry)) {
        held.push(part);
        heldBytes += part.length;
      }
      if (heldBytes >= PIECE_BYTES) await flush();
    });
    held.push(bytes.end());
    await flush();
    await output.finish();
    return { ...copied, entries: bytes.entries, bytes: bytes.bytes, tookMs: performance.now() - began };
  } catch (error) {
    await output.discard();
    throw error;
  }
}
