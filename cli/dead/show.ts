// drover dead show: prints one dead letter with its request and attempts.
import { listCrawls } from '../../src/crawl/crawl.ts';
import { ALL_DEAD } from '../../src/dead/filter.ts';
import { type DeadShard, isDead } from '../../src/dead/read.ts';
import { deadLetters, showDead } from '../../src/dead/shards/letters.ts';
import { DroverError } from '../../src/errors.ts';
import { shardOf } from '../../src/fleet.ts';
import { jobIdOf } from '../../src/keys.ts';
import { redacted } from '../../src/redact.ts';
import { fingerprint } from '../../src/url/fingerprint.ts';
import { limiterKeyOf } from '../../src/url/host.ts';
import { normalizeUrl } from '../../src/url/normalize.ts';
import { EXIT } from '../command/failures.ts';
import { OWN_COMMAND } from '../command/own-command.ts';
import type { Session } from '../command/session.ts';
import type { LookOptions } from '../options.ts';
import { letterPage } from './page.ts';
import { withDead } from './session.ts';

/** Resolves with the exit code. Throws E_LETTER_UNKNOWN, E_USAGE. */
export function run([named = '']: string[], options: LookOptions): Promise<number> {
  return withDead(options.settings, async (session, shards) => {
    const [jobId = named, ...others] = /^https?:\/\//i.test(named)
      ? await ofUrl(session, shards, named)
      : [named];
    const letter = redacted(await showDead(shards, jobId));
    const also = others.map((other) => `also: ${OWN_COMMAND} dead show ${other}\n`).join('');
    process.stdout.write(options.json ? `${JSON.stringify(letter)}\n` : letterPage(letter) + also);
    return EXIT.recorded;
  });
}

/**
 * The ids of a URL's dead letters, newest crawl first; each crawl may have one. Throws E_LETTER_UNKNOWN,
 * E_USAGE.
 */
async function ofUrl(session: Session, shards: readonly DeadShard[], text: string): Promise<string[]> {
  const { fleet } = session;
  const normalized = normalizeUrl(text);
  if (!('url' in normalized)) throw new DroverError('E_USAGE', `${JSON.stringify(text)} is not a URL.`);
  const { url } = normalized;
  const ids = (await listCrawls(fleet)).map((crawl) => jobIdOf(crawl, fingerprint({ url })));
  const shard = shards[shardOf(fleet, limiterKeyOf(url)).shard] as DeadShard;
  const dead = await Promise.all(ids.map((jobId) => isDead(shard, jobId)));
  const found = ids.filter((_, index) => dead[index]);
  if (found.length > 0) return found;
  // A request with another method or a body has another fingerprint, so the letters of the host are searched
  // for the URL.
  const ofHost = { ...ALL_DEAD, host: limiterKeyOf(url), q: url };
  for await (const letter of deadLetters(shards, ofHost)) if (letter.url === url) return [letter.jobId];
  throw new DroverError('E_LETTER_UNKNOWN', `${text}.`);
}
