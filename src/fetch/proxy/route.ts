// The route through one proxy.
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { ProxyAddress } from '../../config/proxy-address.ts';
import { type Failure, failure } from '../../errors.ts';
import type { AbsoluteForm, Route } from '../connection/route.ts';
import { Dialling } from './dial.ts';
import { authorizationOf, isAboutLogin, loginText, reasonIn } from './tunnel.ts';

/** `isByName`: the operator says that the proxies look names up, and guard (--proxy-dns). */
export function routeOf(proxy: ProxyAddress, isByName: boolean): Route {
  return {
    key: keyOf(proxy),
    name: proxy.name,
    isByName,
    absoluteForm: isByName && proxy.kind !== 'socks5' ? absoluteFormOf(proxy) : null,
    dial: (target, parts, events) => new Dialling(proxy, parts, events).toServer(target, isByName),
    dialProxy: (parts, events) => new Dialling(proxy, parts, events).toProxy(),
  };
}

/** Two users of one proxy share no connection. */
function keyOf({ name, user, password }: ProxyAddress): string {
  const login = user === null ? '' : createHash('sha256').update(`${user}\0${password}`).digest('base64url');
  return `${name} ${login}`;
}

function absoluteFormOf(proxy: ProxyAddress): AbsoluteForm {
  const authorization = authorizationOf(proxy);
  return {
    headers: authorization === null ? {} : { 'proxy-authorization': authorization },
    refusalOf: (status, headers) => refusalOf(proxy, status, headers),
  };
}

/** A 401 may be the server's: only Proxy-Authenticate tells it from tinyproxy's own. */
function refusalOf(proxy: ProxyAddress, status: number, headers: IncomingHttpHeaders): Failure | null {
  if (status < 400) return null;
  const { name } = proxy;
  if (isAboutLogin(status) && (status === 407 || headers['proxy-authenticate'] !== undefined))
    return failure('E_PROXY_AUTH', `${name}: ${loginText(proxy, status)}`);
  const isOwn = headers['x-squid-error'] !== undefined || /;\s*error=/.test(String(headers['proxy-status']));
  return isOwn ? failure('E_PROXY_REFUSED', `${name}: status ${status}${reasonIn(headers)}.`) : null;
}
