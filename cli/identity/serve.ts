// drover identity serve: answers for the directory and the card, and for nothing else.
import { readIdentity } from '../../src/identity/identity.ts';
import { EXIT } from '../command/failures.ts';
import { onInterrupt } from '../command/interrupt.ts';
import { findIdentityFile } from './find.ts';
import type { ServeIdentityOptions } from './options.ts';
import { startDirectoryServer } from './server.ts';

/** Resolves with the exit code after it was stopped. Throws E_IDENTITY_NONE, E_IDENTITY, E_LISTEN. */
export async function run(_args: string[], options: ServeIdentityOptions): Promise<number> {
  const { file } = await findIdentityFile(options.identity, options.settings);
  const { agent } = await readIdentity(file);
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const interrupt = onInterrupt({ note: () => undefined }, 0);
  const server = await startDirectoryServer(file, options);
  try {
    say(`serving ${agent} at ${server.url}; Ctrl-C stops`);
    await interrupt.wait;
  } finally {
    await server.close();
    interrupt.done();
  }
  return EXIT.recorded;
}
