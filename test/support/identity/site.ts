// An https site for signed crawls: with redirects, errors that pass and closed connections. Every request
// goes to a verifier before it is answered.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Accepted, BotVerifier, ReceivedRequest, Refused } from './verifier.ts';

export interface Visit {
  request: ReceivedRequest;
  verdict: Accepted | Refused;
  status: number;
}

export interface SignedSite {
  /** https://127.0.0.1:PORT */
  origin: string;
  visits: Visit[];
  close(): Promise<void>;
}

const certificates = fileURLToPath(new URL('../site/certificates/', import.meta.url));
/** For NODE_EXTRA_CA_CERTS. */
export const authorityFile = `${certificates}ca.pem`;

/** What a page links to. */
const linksOf: Record<string, string[]> = {
  '/': ['/a?x=1&y=%20', '/moved', '/away', '/flaky', '/closes', '/caf%C3%A9', '/drops'],
  '/a': ['/b', '/'],
};

/** `other`: the origin to which /away redirects. It answers who is not accepted with 403. */
export async function startSignedSite(verifier: BotVerifier, other = ''): Promise<SignedSite> {
  const pem = readFileSync(`${certificates}good.pem`);
  const visits: Visit[] = [];
  const asked = new Map<string, number>();
  const server = https.createServer({ key: pem, cert: pem }, (incoming, response) => {
    const { method = '', url = '', headers } = incoming;
    const request: ReceivedRequest = { method, path: url, scheme: 'https', headers };
    const verdict = verifier.check(request);
    const times = (asked.get(url) ?? 0) + 1;
    asked.set(url, times);
    const visit = { request, verdict, status: 200 };
    visits.push(visit);
    const answer = (status: number, more: Record<string, string> = {}, body = '') => {
      visit.status = status;
      response.writeHead(status, { 'content-type': 'text/html', ...more }).end(body);
    };
    const path = url.split('?', 1)[0] ?? '';
    const links = (linksOf[path] ?? []).map((href) => `<a href="${href.replace('&', '&amp;')}">x</a>`);
    const page = `<title>${path}</title>${links.join('')}`;
    if ('refused' in verdict) answer(403, { 'accept-signature': 'sig1=("@authority");nonce="n"' });
    else if (path === '/robots.txt')
      answer(200, { 'content-type': 'text/plain' }, 'User-agent: *\nAllow: /\n');
    else if (path === '/moved') answer(302, { location: '/b?moved' });
    else if (path === '/away' && other !== '') answer(307, { location: `${other}/there` });
    else if (path === '/flaky' && times < 3) answer(503);
    else if (path === '/drops' && times === 1) incoming.socket.destroy();
    else if (path === '/closes') answer(200, { connection: 'close' }, page);
    else answer(200, {}, page);
  });
  server.keepAliveTimeout = 60;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    visits,
    async close() {
      server.close().closeAllConnections();
      await once(server, 'close');
    },
  };
}
