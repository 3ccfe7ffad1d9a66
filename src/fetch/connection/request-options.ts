// What node:http is told about the request of one hop.
import type { RequestOptions } from 'node:http';
import { maxHeadBytes } from '../framing/answer-gate.ts';
import { hostOf, portOf, type Target } from '../target.ts';
import type { AgentPair, Connecting } from './agent.ts';
import type { AbsoluteForm } from './route.ts';

/** `asked`: the request goes to a proxy in absolute form. The Host header stays that of the server. */
export function requestOptions(
  { url, method, headers, body }: Target,
  agents: AgentPair,
  asked: AbsoluteForm | null,
  connecting: Connecting,
): RequestOptions {
  const all = body === null ? headers : { ...headers, 'content-length': Buffer.byteLength(body) };
  return {
    protocol: url.protocol,
    host: hostOf(url),
    port: portOf(url),
    path: asked === null ? url.pathname + url.search : url.href,
    method,
    headers: asked === null ? all : { ...all, ...asked.headers },
    agent: url.protocol === 'https:' ? agents.https : agents.http,
    maxHeaderSize: maxHeadBytes,
    connecting,
  } as RequestOptions;
}
