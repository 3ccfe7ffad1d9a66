// drover bench: measurements of this machine, from a checkout (the package has no benchmarks).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readOwnPackage } from '../src/config/own-package.ts';
import { DroverError } from '../src/errors.ts';
import { EXIT } from './command/failures.ts';
import { benchmarks } from './options.ts';

/** `args` is the benchmark to run, followed by its options. Resolves with its exit code. Throws E_USAGE. */
export async function run(args: string[]): Promise<number> {
  const [what = 'speed', ...rest] = args[0]?.startsWith('-') ? ['speed', ...args] : args;
  if (!benchmarks.includes(what))
    throw new DroverError('E_USAGE', `bench: expected ${benchmarks.join(', ')} (got ${what}).`);
  const path = join(readOwnPackage()?.folder ?? '', 'bench', `${what}.ts`);
  if (!existsSync(path))
    throw new DroverError('E_USAGE', 'bench runs from a checkout of drover, not from the package.');
  const child = spawn(process.execPath, [path, ...rest], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal));
  const [code] = await once(child, 'exit');
  return typeof code === 'number' ? code : EXIT.interrupted;
}
