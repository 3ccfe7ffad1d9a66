// drover identity init: makes a key, and says how servers come to know it.

import { parseSetting } from '../../src/config/parse.ts';
import { DroverError } from '../../src/errors.ts';
import {
  agentOf,
  type Identity,
  readIdentity,
  renewedIdentity,
  replaceIdentity,
  writeNewIdentity,
} from '../../src/identity/identity.ts';
import { newKey, type OwnJwk, thumbprintOf } from '../../src/identity/keys.ts';
import { PRODUCT_TOKEN } from '../../src/robots/robots.ts';
import { EXIT } from '../command/failures.ts';
import { OWN_COMMAND } from '../command/own-command.ts';
import { findIdentityFile } from './find.ts';
import type { InitOptions } from './options.ts';

/** Resolves with the exit code. Throws E_USAGE, E_FILE_EXISTS, E_IDENTITY_NONE, E_IDENTITY. */
export async function run([url = '']: string[], options: InitOptions): Promise<number> {
  const agent = agentOf(url);
  if (agent === null)
    throw new DroverError(
      'E_USAGE',
      `${JSON.stringify(url)}: expected an https URL without query, such as https://bot.example.com.`,
    );
  const { file, settings } = await findIdentityFile(options.identity, options.settings);
  const identity = options.renew
    ? await renewed(file, agent)
    : made(agent, options, options.userAgent ?? settings.userAgent);
  await (options.renew ? replaceIdentity : writeNewIdentity)(file, identity);
  const keyid = thumbprintOf(identity.keys[0] as OwnJwk);
  if (options.json) process.stdout.write(`${JSON.stringify({ agent, file, keyid })}\n`);
  else process.stderr.write(options.renew ? renewedText(file, keyid) : madeText(agent, file, keyid));
  return EXIT.recorded;
}

async function renewed(file: string, agent: string): Promise<Identity> {
  const former = await readIdentity(file);
  if (former.agent !== agent)
    throw new DroverError('E_USAGE', `The identity that is there is ${former.agent}; --renew keeps it.`);
  const identity = renewedIdentity(former, Math.floor(Date.now() / 1000));
  if (identity) return identity;
  throw new DroverError('E_USAGE', 'Its newest key does not sign yet: it was renewed within the last day.');
}

function made(agent: string, options: InitOptions, userAgent: string): Identity {
  const contacts = (options.contact ?? []).map((one) => {
    const contact = parseSetting('contact', one, '--contact') as string;
    return contact.includes('://') ? contact : `mailto:${contact}`;
  });
  return {
    agent,
    name: options.name ?? new URL(agent).host,
    ...{ uri: options.about ?? null, logo: options.logo ?? null, contacts },
    ...{ userAgent, product: PRODUCT_TOKEN, purpose: options.purpose ?? null },
    keys: [newKey()],
  };
}

function madeText(agent: string, file: string, keyid: string | null): string {
  return `identity ${agent}, key ${keyid}
kept in ${file}, which nobody else may read: whoever has it can sign as you
next: serve its directory over https at ${agent}
  ${OWN_COMMAND} identity serve, behind your web server; or ${OWN_COMMAND} identity show -o DIR, as files
then ${OWN_COMMAND} identity check, and crawl with --identity auto
`;
}

function renewedText(file: string, keyid: string | null): string {
  return `new key ${keyid} in ${file}
it signs from tomorrow on; serve the directory anew now, and copy the file to the other consumers
`;
}
