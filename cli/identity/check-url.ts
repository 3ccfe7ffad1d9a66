// Sends a URL one signed request, and explains what it answers.
import { SingleFetch } from '../../src/crawl/single-fetch.ts';
import { DroverError } from '../../src/errors.ts';
import type { Exchange } from '../../src/fetch/exchange.ts';
import { standInOf } from '../../src/fetch/stand-ins.ts';
import { dictionaryOf } from '../../src/identity/base.ts';
import type { Answer } from '../../src/outcome.ts';
import { parseSeedValue } from '../../src/seeds/read.ts';
import type { Check } from '../doctor/check.ts';
import { findIdentity } from './find.ts';
import type { CheckOptions } from './options.ts';

/** Throws E_URL_INVALID, E_USAGE, E_IDENTITY_NONE, E_IDENTITY. */
export async function checkUrl(text: string, options: CheckOptions): Promise<Check[]> {
  const { file, settings } = await findIdentity(undefined, options.settings);
  const seed = parseSeedValue(text, { maxLength: settings.maxUrlLength });
  if ('failure' in seed) throw new DroverError(seed.failure.code, seed.failure.detail);
  const { url } = seed.input;
  if (!url.startsWith('https:'))
    throw new DroverError('E_USAGE', `${url}: drover signs https alone; over http anybody could copy it.`);
  const single = new SingleFetch({ settings: { ...settings, identity: file }, seed: url });
  const hops: Exchange[] = [];
  try {
    const refused = await single.refusal(url);
    if (refused) return [{ name: url, ok: 'no', says: refused.message, advice: 'Ask for another URL.' }];
    const result = await single.fetch({ url, onExchange: (hop) => hops.push(hop) });
    const checks = hops.map(hopCheck);
    if (result.ok) return [...checks, answerCheck(result.answer)];
    const { message, code } = result.failure;
    return [...checks, { name: result.finalUrl, ok: 'no', says: `${message} (${code})`, advice: null }];
  } finally {
    single.close();
  }
}

function hopCheck({ method, url, status, requestHead }: Exchange): Check {
  const [, input] = /^signature-input: (.*)$/im.exec(requestHead) ?? [];
  const says = input === undefined ? 'not signed, as it is no https' : `signed: ${input}`;
  return { name: `${method} ${url}, status ${status}`, ok: input ? 'yes' : 'warn', says, advice: null };
}

/** What the status and Accept-Signature say of the signature. */
function answerCheck(answer: Answer): Check {
  const { status, headers } = answer;
  const name = `answer ${status}`;
  const no = (says: string, advice: string): Check => ({ name, ok: 'no', says, advice });
  const standIn = standInOf(answer);
  const wanted = headers['accept-signature'];
  if (wanted !== undefined && status >= 400) return acceptCheck(name, status, wanted);
  if (standIn)
    return no(standIn.message, 'The signature was not enough; ask the site to let this identity in.');
  if (status >= 200 && status < 300)
    return {
      name,
      ok: 'yes',
      says: 'let in; whether it looked at the signature, it does not say',
      advice: null,
    };
  if (status === 400)
    return no(
      'one of the three fields could not be read',
      'Try --identity-profile string, for older verifiers.',
    );
  if (status === 401)
    return no(
      'the key is not known there',
      'Serve the directory, see drover identity check, and register it if the site asks for that.',
    );
  if (status === 403)
    return no(
      'refused, and no Accept-Signature says what for',
      'The signature may be known and the crawler not welcome: ask the site.',
    );
  if (status === 429) return no('too many requests', 'Come later; it says nothing of the signature.');
  return { name, ok: 'warn', says: 'it says nothing of the signature', advice: null };
}

/** RFC 9421 section 5.1: a dictionary of signatures that are wanted, each with components and parameters. */
function acceptCheck(name: string, status: number, wanted: string): Check {
  const members = [...(dictionaryOf(wanted) ?? [])];
  const asked = members.map(([label, member]) => {
    const items = Array.isArray(member[0]) ? member[0].map(([item]) => String(item)) : [];
    const params = [...member[1].keys()];
    return `${label}: ${items.join(' ') || 'no components'}${params.length > 0 ? ` with ${params.join(', ')}` : ''}`;
  });
  const says =
    status === 429
      ? 'the signature or its nonce was used too often (Accept-Signature)'
      : `it asks for another signature (Accept-Signature ${asked.join('; ') || wanted.slice(0, 80)})`;
  const hasNonce = members.some(([, member]) => member[1].has('nonce'));
  const advice = hasNonce
    ? 'It wants a nonce of its own in the signature, which drover does not send.'
    : 'It may not know the key (drover identity check), or want components that drover does not cover.';
  return { name, ok: 'no', says, advice };
}
