// Credentials for S3: from the variables and files of AWS, else from the chains of the AWS SDK, if its
// package is installed: roles of machines and containers, single sign-on.
import type { AwsKeys } from '../../config/aws-profile.ts';
import { currentAwsProfile } from '../../config/read.ts';
import { DroverError } from '../../errors.ts';

/** An optional peer of drover. A name in a variable, so that nothing needs it before it is used. */
const SDK: string = '@aws-sdk/credential-providers';
/** Kept so long; credentials of a chain that say when they end, until shortly before that. */
const KEPT_MS = 60_000;

export interface CredentialSource {
  /** Throws E_STORE_AUTH when there are none. */
  keys(): Promise<AwsKeys>;
  /** Asks anew the next time: the server has refused them. */
  forget(): void;
}

interface Chained {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration?: Date;
}

export function openCredentials(name: string): CredentialSource {
  let kept: { keys: AwsKeys; until: number } | null = null;
  let chain: Promise<() => Promise<Chained>> | null = null;
  async function look(): Promise<{ keys: AwsKeys; until: number }> {
    const { keys } = currentAwsProfile();
    if (keys) return { keys, until: Date.now() + KEPT_MS };
    chain ??= openChain(name);
    try {
      const { expiration, sessionToken = null, ...more } = await (await chain)();
      const until = (expiration?.getTime() ?? Number.POSITIVE_INFINITY) - KEPT_MS;
      return { keys: { ...more, sessionToken }, until: Math.min(until, Date.now() + 10 * KEPT_MS) };
    } catch (cause) {
      chain = null;
      if (cause instanceof DroverError) throw cause;
      throw new DroverError('E_STORE_AUTH', `${name}: ${(cause as Error).message}.`, { cause });
    }
  }
  return {
    async keys() {
      if (kept === null || Date.now() > kept.until) kept = await look();
      return kept.keys;
    },
    forget() {
      kept = null;
    },
  };
}

async function openChain(name: string): Promise<() => Promise<Chained>> {
  try {
    const { fromNodeProviderChain } = await import(SDK);
    return fromNodeProviderChain();
  } catch (cause) {
    throw new DroverError(
      'E_STORE_AUTH',
      `${name}: no credentials were found, and ${SDK} is not installed.`,
      {
        cause,
      },
    );
  }
}
