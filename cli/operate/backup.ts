// drover backup: writes all that the fleet keeps in Redis to a file or a bucket.
import { writeBackup } from '../../src/backup/backup.ts';
import { readWarcPlace } from '../../src/config/read.ts';
import { isS3 } from '../../src/config/s3-address.ts';
import { DroverError } from '../../src/errors.ts';
import { EXIT } from '../command/failures.ts';
import { endOnSignals } from '../command/interrupt.ts';
import { reserveOutput } from '../command/output-file.ts';
import { openSession } from '../command/session.ts';
import { count, durationText, size } from '../terminal/figures.ts';
import type { BackupOptions } from './options.ts';

/** Resolves with the exit code. Throws what writeBackup throws, E_FILE_BUSY and E_SETTING. */
export async function run([given = '']: string[], options: BackupOptions): Promise<number> {
  endOnSignals();
  const { overwrite } = options;
  const place = await backupPlace(given);
  const reserved = isS3(place) ? null : reserveOutput(place, overwrite, 'backup');
  try {
    const session = await openSession(options.settings);
    try {
      const done = await writeBackup(session.fleet, place, overwrite);
      const heldMs = Math.round(done.heldMs);
      if (options.json) {
        const { entries, bytes, rounds, tookMs } = done;
        const told = { place: given, entries, bytes, rounds, heldMs, tookMs: Math.round(tookMs) };
        process.stdout.write(`${JSON.stringify(told)}\n`);
      } else
        process.stderr.write(
          `${count(done.entries)} entries, ${size(done.bytes)}, in ${given} (${durationText(done.tookMs)}; writes to Redis waited for ${heldMs} ms)\n`,
        );
      return EXIT.recorded;
    } finally {
      await session.close();
    }
  } finally {
    reserved?.release();
  }
}

/** A path, or the whole address of a place in a bucket. Throws E_SETTING; E_USAGE for standard output. */
export async function backupPlace(given: string): Promise<string> {
  if (given === '' || given === '-')
    throw new DroverError('E_USAGE', `A backup lies in a file or in s3://bucket/prefix (got "${given}").`);
  return isS3(given) ? readWarcPlace(given, 'the place of the backup') : given;
}
