// The step proxy of an explanation: through which proxies the URL is fetched, or was.
import type { FleetProxy } from '../fleet/fleet-proxies.ts';
import type { Facts, Step } from './explanation.ts';
import { span } from './words.ts';

const MOST_NAMED = 3;

/** Null when its record names none and no consumer uses one. */
export function proxyStep({ where, proxies }: Facts): Step | null {
  const used = where?.placed?.record.proxy ?? null;
  if (used !== null)
    return { step: 'proxy', ok: true, text: `fetched through ${used}`, detail: { proxy: used } };
  if (proxies.length === 0) return null;
  const named = proxies.slice(0, MOST_NAMED).map(standing);
  const more = proxies.length > MOST_NAMED ? ` and ${proxies.length - MOST_NAMED} more` : '';
  const isThere = proxies.some(({ consumers, leftOutBy }) => leftOutBy < consumers);
  const text = `the consumers fetch through ${named.join(', ')}${more}`;
  return { step: 'proxy', ok: isThere ? null : false, text, detail: { proxies } };
}

function standing({ name, leftOutMs, failure }: FleetProxy): string {
  if (leftOutMs === 0) return name;
  return `${name} (left out for ${span(leftOutMs)}${failure ? `: ${failure.code}` : ''})`;
}
