// What a server answers to those who look for an identity: its directory at the root, at the well-known path
// and at its own URL, and its card.
import { DroverError } from '../errors.ts';
import { agentCard, CARD_PATH, DIRECTORY_PATH, type DirectoryAnswer, directoryAnswer } from './directory.ts';
import { type Identity, readIdentity } from './identity.ts';

/** The file is read again after this time, so that a new key is served without a restart. */
const FRESH_MS = 5000;

export interface ServedIdentity {
  /** The answer to a GET of this path; null when there is nothing there. `now`: Unix seconds. */
  answer(path: string, now: number): Promise<DirectoryAnswer | null>;
}

/** Serves the identity of this file, if there is one. Throws E_IDENTITY as it is asked. */
export function serveIdentity(file: string): ServedIdentity {
  let read: { at: number; identity: Promise<Identity | null> } | null = null;

  function identity(): Promise<Identity | null> {
    if (read === null || performance.now() - read.at > FRESH_MS)
      read = { at: performance.now(), identity: readIdentity(file).catch(ifNone) };
    return read.identity;
  }

  return {
    async answer(path, now) {
      const found = await identity();
      if (found === null) return null;
      if (path === CARD_PATH)
        return { body: agentCard(found), headers: { 'content-type': 'application/json', ...cached } };
      const isDirectory = ['/', DIRECTORY_PATH, new URL(found.agent).pathname].includes(path);
      return isDirectory ? directoryAnswer(found, now) : null;
    },
  };
}

const cached = { 'cache-control': 'public, max-age=300' };

function ifNone(error: unknown): null {
  if (error instanceof DroverError && error.code === 'E_IDENTITY_NONE') return null;
  throw error;
}
