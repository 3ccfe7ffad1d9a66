// What a crawl says of itself in the User-Agent header.
import type { Settings } from './settings.ts';

type SaysWho = Pick<Settings, 'userAgent' | 'contact'>;

/**
 * The User-Agent header (RFC 9110 section 10.1.5): the setting, with the contact as a comment behind it, such
 * as `drover/0.1 (+https://example.com/bot)`.
 */
export function userAgentOf({ userAgent, contact }: SaysWho): string {
  if (contact === null || userAgent.includes(contact)) return userAgent;
  return `${userAgent} (+${contact.includes('://') ? contact : `mailto:${contact}`})`;
}

/** Whether the owner of a host learns from the header whom to ask: a page or a mail address is in it. */
export function namesContact(settings: SaysWho): boolean {
  return /https?:\/\/|[^\s@]@[^\s@]/i.test(userAgentOf(settings));
}
