// Keeps other sites' web pages out, and callers that use a host name that is not the server's own (DNS
// rebinding).
import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import { ApiProblem } from './problem.ts';

/**
 * Throws E_ORIGIN unless the Host header is an IP address, localhost or one of `allowed`, and the request
 * does not come from a page of another origin. In a DNS rebinding attack, the browser sends the attacker's
 * host name as Host. An IP address as Host is safe, because nobody can make it point to another server.
 */
export function checkOrigin(request: FastifyRequest, allowed: readonly string[]): void {
  const { host, origin } = request.headers;
  if (!host || !isOwnName(host, allowed))
    throw new ApiProblem('E_ORIGIN', `Host: ${shown(host)}.`, { field: 'headers.host' });
  if (origin !== undefined && !isOwnOrigin(origin, host, allowed))
    throw new ApiProblem('E_ORIGIN', `Origin: ${shown(origin)}.`, { field: 'headers.origin' });
  const site = request.headers['sec-fetch-site'];
  const isNavigation = request.headers['sec-fetch-mode'] === 'navigate' && request.method === 'GET';
  if (site === 'cross-site' && !isNavigation)
    throw new ApiProblem('E_ORIGIN', 'Sec-Fetch-Site: cross-site.', { field: 'headers.sec-fetch-site' });
}

function isOwnName(host: string, allowed: readonly string[]): boolean {
  const [, name = ''] = /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(host.toLowerCase()) ?? [];
  const bare = name.replace(/^\[(.*)\]$/, '$1');
  return (
    name === 'localhost' ||
    ipaddr.isValid(bare) ||
    allowed.includes(name) ||
    allowed.includes(host.toLowerCase())
  );
}

/**
 * True for a page on the same host and port as the request. The scheme may differ, because a proxy may end
 * TLS.
 */
function isOwnOrigin(origin: string, host: string, allowed: readonly string[]): boolean {
  if (!URL.canParse(origin)) return false;
  const page = new URL(origin);
  if (page.protocol !== 'http:' && page.protocol !== 'https:') return false;
  return page.host === new URL(`${page.protocol}//${host}`).host || allowed.includes(page.host);
}

function shown(value: string | undefined): string {
  return value === undefined ? 'none' : JSON.stringify(value.slice(0, 100));
}
