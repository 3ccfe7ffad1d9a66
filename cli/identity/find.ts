// The identity that a command is about.
import { type GivenFlags, readSettings } from '../../src/config/read.ts';
import type { Settings } from '../../src/config/settings.ts';
import { type Identity, readIdentity } from '../../src/identity/identity.ts';
import { identityFileOf } from '../../src/identity/signs-as.ts';

/** `given`: the value of --identity. */
export async function findIdentityFile(
  given: string | undefined,
  flags: GivenFlags,
): Promise<{ file: string; settings: Settings }> {
  const settings = await readSettings(flags);
  return { file: fileOf(given ?? settings.identity ?? 'auto', settings), settings };
}

function fileOf(named: string, { dataDir }: Pick<Settings, 'dataDir'>): string {
  return named === 'auto' ? identityFileOf(dataDir) : named;
}

/** Throws E_IDENTITY_NONE, E_IDENTITY. */
export async function findIdentity(
  given: string | undefined,
  flags: GivenFlags,
): Promise<{ file: string; identity: Identity; settings: Settings }> {
  const found = await findIdentityFile(given, flags);
  return { ...found, identity: await readIdentity(found.file) };
}

/** Before a crawl begins that is to be signed here. Throws E_IDENTITY_NONE, E_IDENTITY. */
export async function requireIdentity(settings: Pick<Settings, 'identity' | 'dataDir'>): Promise<void> {
  await readIdentity(fileOf(settings.identity ?? 'auto', settings));
}
