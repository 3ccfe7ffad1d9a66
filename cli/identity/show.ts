// drover identity show: what there is, and what servers are to find of it.

import { agentCard, CARD_PATH, directoryBody, directoryUrlOf } from '../../src/identity/directory.ts';
import type { Identity } from '../../src/identity/identity.ts';
import { type OwnJwk, thumbprintOf } from '../../src/identity/keys.ts';
import { printable } from '../../src/printable.ts';
import { EXIT } from '../command/failures.ts';
import { findIdentity } from './find.ts';
import type { ShowOptions } from './options.ts';
import { writeSite } from './write-site.ts';

/** Resolves with the exit code. Throws E_IDENTITY_NONE, E_IDENTITY, E_FILE_EXISTS, E_FILE. */
export async function run(_args: string[], options: ShowOptions): Promise<number> {
  const { file, identity } = await findIdentity(options.identity, options.settings);
  const now = Math.floor(Date.now() / 1000);
  const { output, valid, overwrite } = options;
  const files =
    output === undefined
      ? null
      : await writeSite(output, identity, { now, validSeconds: Math.floor(valid / 1000), overwrite });
  if (options.json) {
    const { keys } = JSON.parse(directoryBody(identity, now));
    const card = JSON.parse(agentCard(identity));
    process.stdout.write(`${JSON.stringify({ agent: identity.agent, file, keys, card, files })}\n`);
  } else if (files) {
    const until = new Date((now + valid / 1000) * 1000).toISOString();
    process.stderr.write(`${files.join('\n')}\nwritten to ${output}; write them anew before ${until}\n`);
  } else process.stdout.write(text(file, identity, now));
  return EXIT.recorded;
}

function text(file: string, identity: Identity, now: number): string {
  const { agent } = identity;
  const rows = [
    ['identity', agent],
    ['name', identity.name],
    ['file', file],
    ...identity.keys.map((key) => ['key', `${thumbprintOf(key)}, ${validity(key, now)}`]),
    ['directory', directoryUrlOf(agent)],
    ['card', new URL(CARD_PATH, agent).href],
  ];
  return rows.map(([name = '', value = '']) => `${name.padEnd(11)}${printable(value)}\n`).join('');
}

function validity({ nbf = 0, exp }: OwnJwk, now: number): string {
  if (nbf > now) return `signs from ${when(nbf)} on`;
  if (exp === undefined) return 'in use';
  return exp > now ? `listed until ${when(exp)}` : `ended at ${when(exp)}`;
}

function when(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
