// The warning that a crawl of public hosts names nobody whom their owners could ask.
import ipaddr from 'ipaddr.js';
import type { Settings } from '../../src/config/settings.ts';
import { namesContact } from '../../src/config/user-agent.ts';
import type { OfferedLine } from '../../src/seeds/offer.ts';
import { hostnameOf, mayBePrivate } from '../../src/url/host.ts';

/** Passes the lines on, and calls `warn` with a sentence at the first public host, if there is no contact. */
export function warnedOfContact(
  lines: AsyncIterable<OfferedLine>,
  settings: Pick<Settings, 'userAgent' | 'contact'>,
  warn: (sentence: string) => void,
): AsyncIterable<OfferedLine> {
  return namesContact(settings) ? lines : watched(lines, warn);
}

async function* watched(
  lines: AsyncIterable<OfferedLine>,
  warn: (sentence: string) => void,
): AsyncGenerator<OfferedLine> {
  let isSaid = false;
  const looked = new Set<string>();
  const isNewPublic = (hostname: string) => {
    if (looked.has(hostname)) return false;
    if (looked.size < MOST_LOOKED) looked.add(hostname);
    return isPublic(hostname);
  };
  for await (const line of lines) {
    if (!isSaid && 'input' in line && isNewPublic(hostnameOf(line.input.url))) {
      isSaid = true;
      warn(
        'No contact is set: owners of the hosts that are crawled cannot tell you of trouble, and may block you. Give --contact with a page or mail address; it goes into the User-Agent.',
      );
    }
    yield line;
  }
}

/** Hosts that are remembered, because to look at one takes 15 µs. */
const MOST_LOOKED = 10_000;

/** Nothing is reached under these names (RFC 6761). */
const nowhere = /(^|\.)(example|invalid)$/;

function isPublic(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '');
  if (ipaddr.isValid(address)) return ipaddr.process(address).range() === 'unicast';
  return !mayBePrivate(hostname) && !nowhere.test(hostname);
}
