// One line of `drover doctor`.
import { DroverError } from '../../src/errors.ts';
import { redisFailure } from '../../src/redis/failures.ts';

export interface Check {
  readonly name: string;
  /** no: drover does not work, or not as promised. warn: it works with the limits that `says` names. */
  readonly ok: 'yes' | 'warn' | 'no';
  readonly says: string;
  readonly advice: string | null;
}

export const check = (name: string, ok: Check['ok'], says: string, advice: string | null = null): Check => ({
  name,
  ok,
  says,
  advice: ok === 'yes' ? null : advice,
});

/** The check that says why the others of its subject are left out. */
export function failed(name: string, error: unknown): Check {
  const known = error instanceof DroverError ? error : redisFailure(error);
  if (!known) throw error;
  return check(name, 'no', `${known.message} (${known.code})`, known.advice);
}

export function inUnits(bytes: number): string {
  const [size, unit] = bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB'];
  return `${size.toFixed(1)} ${unit}`;
}
