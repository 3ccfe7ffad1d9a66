// What `drover doctor` says of the proxies: which there are, and whether each accepts a connection. Nothing
// is asked of them.
import net from 'node:net';
import type { ProxyAddress } from '../../src/config/proxy-address.ts';
import { currentProxyVariables } from '../../src/config/read.ts';
import type { Settings } from '../../src/config/settings.ts';
import { DroverError } from '../../src/errors.ts';

const PATIENCE_MS = 3000;
/** Of a longer list, the first so many are tried. */
const MOST_TRIED = 20;

interface ProxyCheck {
  readonly name: string;
  readonly ok: 'yes' | 'warn' | 'no';
  readonly says: string;
  readonly advice: string | null;
}

/** None where no proxy is named. */
export async function checkProxies(settings: Settings): Promise<ProxyCheck[]> {
  const { proxiesOf } = await import('../../src/fetch/proxy/proxies.ts');
  if (proxiesOf(settings) === null) return [];
  try {
    const { openProxies } = await import('../../src/fetch/proxy/open.ts');
    const { says, addresses } = await openProxies(settings, currentProxyVariables(), () => undefined);
    const tried = await Promise.all(addresses.slice(0, MOST_TRIED).map(reach));
    const silent = tried.filter((why) => why !== null);
    const what = silent.length === 0 ? says : `${says}; ${silent.join(', ')}`;
    const ok = silent.length === 0 ? 'yes' : silent.length < tried.length ? 'warn' : 'no';
    const advice = ok === 'yes' ? null : 'Start the proxy, or correct its address.';
    return [{ name: 'proxies', ok, says: what, advice }];
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    const { message, code, advice } = error;
    return [{ name: 'proxies', ok: 'no', says: `${message} (${code})`, advice }];
  }
}

/** Null when it accepts a connection. */
function reach({ host, port, name }: ProxyAddress): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: PATIENCE_MS });
    const end = (why: string | null) => {
      socket.destroy();
      resolve(why && `${name} cannot be reached (${why})`);
    };
    socket.once('connect', () => end(null));
    socket.once('timeout', () => end(`no answer within ${PATIENCE_MS / 1000} s`));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
