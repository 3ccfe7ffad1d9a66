// What a statement of usage says of each purpose: the grammars that robots.txt, headers and pages share.
import { parseDictionary, Token } from 'structured-headers';
import { type Preferences, type Purpose, purposes } from './statement.ts';

const NOTHING: Preferences = Object.freeze({});

/**
 * A longer text says nothing: to parse 64 KiB of inner lists takes 0.1 s, and a host could send that with
 * each page.
 */
const LONGEST_READ = 10_000;

/**
 * A bare date. structured-headers 2.1.0 fails at what follows one. No date is a preference, so a number
 * stands for it.
 */
const date = /(?<=[=( ])@-?\d{1,15}(?=[ \t,;)]|$)/g;

/**
 * Content-Usage: a dictionary (RFC 9651 section 3.2) whose tokens `y` and `n` count, by
 * draft-ietf-aipref-vocab-08. Of a key that is there twice, the last counts; parameters and unknown keys are
 * passed over. When the text cannot be parsed, nothing of it is known.
 */
export function readContentUsage(value: string): Preferences {
  if (value.length > LONGEST_READ) return NOTHING;
  let dictionary: ReturnType<typeof parseDictionary>;
  try {
    dictionary = parseDictionary(value.replace(date, '0'));
  } catch {
    return NOTHING;
  }
  const says: { [P in Purpose]?: 'y' | 'n' } = {};
  for (const purpose of purposes) {
    const item = dictionary.get(purpose)?.[0];
    const word = item instanceof Token ? item.toString() : null;
    if (word === 'y' || word === 'n') says[purpose] = word;
  }
  return says;
}

/** The names of Content-Signal for the purposes. */
const signals: Record<string, Purpose> = { 'ai-train': 'train-ai', 'ai-input': 'ai-use', search: 'search' };
/**
 * The purposes that go beyond a `use`. Immediate: nothing may be kept. Reference: indexed and linked to, not
 * summarised or reproduced. Full: all.
 */
const beyond: Record<string, readonly Purpose[]> = {
  immediate: purposes,
  reference: ['train-ai', 'ai-use'],
  full: [],
};

/**
 * Content-Signal: `search=yes, ai-input=no, ai-train=no, use=reference`, by contentsignals.org. What is not
 * named is neither granted nor restricted. `use` says how far any use may go, and counts for the purposes
 * that the statement does not name. A name that is there twice: no wins.
 */
export function readContentSignal(value: string): Preferences {
  if (value.length > LONGEST_READ) return NOTHING;
  const says: { [P in Purpose]?: 'y' | 'n' } = {};
  const exceeded = new Set<Purpose>();
  for (const part of value.toLowerCase().split(',')) {
    const [, name = '', word = ''] = /^([^=]*)=(.*)$/s.exec(part) ?? [];
    const purpose = Object.hasOwn(signals, name.trim()) ? signals[name.trim()] : undefined;
    const answer = word.trim();
    if (purpose && answer === 'no') says[purpose] = 'n';
    else if (purpose && answer === 'yes') says[purpose] ??= 'y';
    else if (name.trim() === 'use' && Object.hasOwn(beyond, answer))
      for (const each of beyond[answer] ?? []) exceeded.add(each);
  }
  for (const purpose of exceeded) says[purpose] ??= 'n';
  return says;
}

/**
 * tdm-reservation (TDMRep, W3C Community Group Report of 2024-05-10): 1 reserves text and data mining, 0 does
 * not; null for any other value, which counts as not given. A line sent twice is joined by a comma.
 */
export function readTdmReservation(value: string): Preferences | null {
  if (value.length > LONGEST_READ) return null;
  const values = value.split(',').map((one) => one.trim());
  if (values.includes('1')) return { 'train-ai': 'n', 'ai-use': 'n' };
  return values.includes('0') ? { 'train-ai': 'y', 'ai-use': 'y' } : null;
}
