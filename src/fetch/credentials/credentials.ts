// The credentials of the settings (--credentials). What they are made of is loaded when they are opened.
import type { Settings } from '../../config/settings.ts';
import { DroverError, failure } from '../../errors.ts';
import type { Keeper, OpenedCredentials } from './keepers.ts';
import type { AskedHop, Authorization, AuthorizationSource, HeardAnswer } from './source.ts';

export interface OriginCredentials extends AuthorizationSource {
  /** Reads the file. Resolves with warnings, each a sentence. Throws E_FILE and E_SETTING. */
  open(): Promise<readonly string[]>;
}

/** Null when the settings name none. */
export function credentialsOf({
  credentials: file,
}: Pick<Settings, 'credentials'>): OriginCredentials | null {
  return file === null ? null : new LaterCredentials(file);
}

class LaterCredentials implements OriginCredentials {
  readonly #file: string;
  #opening: Promise<OpenedCredentials> | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  async open(): Promise<readonly string[]> {
    return (await this.#open()).warnings;
  }

  async authorize(asked: AskedHop): Promise<Authorization | null> {
    return this.#ask(asked, async (keeper) => ({ header: await keeper.authorize(asked) }));
  }

  async answered(asked: AskedHop, sent: string | null, heard: HeardAnswer, isLast: boolean) {
    return this.#ask(asked, async (keeper) => {
      const header = await keeper.answered(asked, sent, heard, isLast);
      return header === null ? null : { header };
    });
  }

  async #ask(
    { origin }: AskedHop,
    ask: (keeper: Keeper) => Promise<Authorization | null>,
  ): Promise<Authorization | null> {
    const keeper = (await this.#open()).byOrigin.get(origin);
    if (keeper === undefined) return null;
    try {
      return await ask(keeper);
    } catch (error) {
      if (!(error instanceof DroverError) || error.code !== 'E_CREDENTIALS') throw error;
      return { failure: failure('E_CREDENTIALS', error.detail) };
    }
  }

  #open(): Promise<OpenedCredentials> {
    this.#opening ??= import('./open.ts').then(({ readCredentialsFile }) => readCredentialsFile(this.#file));
    return this.#opening;
  }
}
