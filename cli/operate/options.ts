// The options of backup and restore.
import { type OptionsOf, toggle } from '../command/typed-options.ts';
import { asJson } from '../options.ts';

export const backupOptions = {
  overwrite: toggle('--overwrite', 'replace the backup that is there'),
  ...asJson,
};
export type BackupOptions = OptionsOf<typeof backupOptions>;

export const restoreOptions = {
  force: toggle('--force', 'delete all that is in the namespace first'),
  ...asJson,
};
export type RestoreOptions = OptionsOf<typeof restoreOptions>;
