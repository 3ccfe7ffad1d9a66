// drover doctor: checks whether this set-up works.

import { readSettings } from '../src/config/read.ts';
import { printable } from '../src/printable.ts';
import { EXIT } from './command/failures.ts';
import { findRedis } from './command/session.ts';
import { aclLines } from './doctor/acl.ts';
import { runChecks } from './doctor-checks.ts';
import type { DoctorOptions } from './options.ts';
import { inOwnWords } from './terminal/own-hints.ts';

/** Resolves with exit code 0, or 3 when something must be repaired first. */
export async function run(_args: string[], options: DoctorOptions): Promise<number> {
  const settings = await readSettings(options.settings);
  if (options.acl) {
    for (const line of aclLines(settings, settings.shards ?? 1)) process.stdout.write(`${printable(line)}\n`);
    return EXIT.recorded;
  }
  const { address, keeper } = await findRedis(settings);
  try {
    const checks = await runChecks({ settings, address });
    for (const check of checks) {
      if (options.json) process.stdout.write(`${JSON.stringify(check)}\n`);
      else
        process.stdout.write(
          `${{ yes: 'ok  ', warn: 'WARN', no: 'FAIL' }[check.ok]}  ${printable(`${check.name}: ${check.says}`)}\n${check.advice ? `      ${printable(inOwnWords(check.advice))}\n` : ''}`,
        );
    }
    return checks.some((check) => check.ok === 'no') ? EXIT.unusable : EXIT.recorded;
  } finally {
    await keeper?.close();
  }
}
