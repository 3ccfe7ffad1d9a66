// The warning that a crawl of public hosts names nobody whom their owners could ask.
import ipaddr from 'ipaddr.js';
import type { Settings } from '../../src/config/settings.ts';
import { namesContact } from '../../src/config/user-agent.ts';
import { hostnameOf, mayBePrivate } from '../../src/url/host.ts';

/**
 * To be called with each URL. Calls `warn` with a sentence at the first one of a public host, if there is no
 * contact.
 */
export function createContactWarning(
  settings: Pick<Settings, 'userAgent' | 'contact'>,
  warn: (sentence: string) => void,
): (url: string) => void {
  let isOver = namesContact(settings);
  const looked = new Set<string>();
  return (url) => {
    if (isOver) return;
    const hostname = hostnameOf(url);
    if (looked.has(hostname)) return;
    if (looked.size < MOST_LOOKED) looked.add(hostname);
    if (!isPublic(hostname)) return;
    isOver = true;
    warn(
      'No contact is set: owners of the hosts that are crawled cannot tell you of trouble, and may block you. Give --contact with a page or mail address; it goes into the User-Agent.',
    );
  };
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
