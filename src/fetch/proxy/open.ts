// Reads which proxies to use, and says so in a sentence.
import { readFile, stat } from 'node:fs/promises';
import {
  isProxyAddress,
  numbered,
  PROXY_FORM,
  type ProxyAddress,
  readProxyAddress,
} from '../../config/proxy-address.ts';
import type { NamedProxy, ProxyVariables } from '../../config/proxy-variables.ts';
import { DroverError } from '../../errors.ts';
import { readNoProxy } from './no-proxy.ts';
import { type ProxyList, Rotation } from './rotation.ts';
import type { ProxySettings } from './settings.ts';
import type { HeardResult } from './source.ts';

const MOST_FILE_BYTES = 10 * 1024 ** 2;
const MOST_PROXIES = 10_000;

export interface OpenedProxies {
  rotation: Rotation;
  /** What the user should know, in one sentence. */
  says: string;
  /** Those that are known before anything is fetched. */
  addresses: readonly ProxyAddress[];
}

/** Throws E_SETTING for an address that cannot be read, and E_FILE for a list. */
export async function openProxies(
  settings: ProxySettings,
  variables: ProxyVariables,
  onResult: HeardResult,
): Promise<OpenedProxies> {
  const { noproxy, proxyDns: isByName, perProxy: most } = settings;
  const list = settings.proxy.length > 0 ? await listOf(settings) : byScheme(variables);
  refuseNames(list, isByName);
  const except = noproxy ?? variables.noProxy;
  const rotation = new Rotation({
    ...{ list, noProxy: readNoProxy(except), isByName, most, onResult },
    now: () => performance.now(),
  });
  const ways = settings.proxy.length > 0 ? wayOf(list) : waysOf(variables, list);
  const not = except === '' ? '' : `, but not to ${except} (${noproxy === null ? 'NO_PROXY' : '--noproxy'})`;
  const names = isByName ? '; the proxies look names up, so their addresses are not checked here' : '';
  return { rotation, says: `${ways}${not}${names}`, addresses: addressesIn(list) };
}

async function listOf({ proxy, proxyRotation }: ProxySettings): Promise<ProxyList> {
  const [first] = proxy;
  if (typeof first === 'function' && proxy.length === 1) return { kind: 'function', choose: first };
  const addresses: ProxyAddress[] = [];
  for (const each of proxy) {
    if (typeof each === 'function')
      throw new DroverError('E_SETTING', 'proxy: a function chooses alone; take the other proxies out.');
    if (isProxyAddress(each)) addresses.push(read(each, '--proxy'));
    else addresses.push(...(await readList(each)));
  }
  if (addresses.length > MOST_PROXIES)
    throw new DroverError('E_SETTING', `--proxy: at most ${MOST_PROXIES} proxies.`);
  return { kind: 'list', proxies: numbered(addresses), by: proxyRotation };
}

async function readList(path: string): Promise<ProxyAddress[]> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MOST_FILE_BYTES) throw new Error(`it has more than ${MOST_FILE_BYTES / 1024 ** 2} MiB`);
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? `there is no such file; ${PROXY_FORM}` : message;
    throw new DroverError('E_FILE', `--proxy ${path}: ${why}.`, { cause });
  }
  const addresses = text.split('\n').flatMap((line, index) => {
    const plain = line.trim();
    return plain === '' || plain.startsWith('#') ? [] : [read(plain, `${path}, line ${index + 1}`)];
  });
  if (addresses.length === 0) throw new DroverError('E_SETTING', `${path}: the list has no proxy.`);
  return addresses;
}

function byScheme({ http, https }: ProxyVariables): ProxyList {
  const of = (named: NamedProxy | null) => named && read(named.address, named.variable);
  const [one, other] = [of(http), of(https)];
  const isSame = http?.address === https?.address;
  if (one === null || other === null || isSame) return { kind: 'scheme', http: one, https: other };
  const [first = one, second = other] = numbered([one, other]);
  return { kind: 'scheme', http: first, https: second };
}

function read(text: string, source: string): ProxyAddress {
  try {
    return readProxyAddress(text);
  } catch (cause) {
    throw new DroverError('E_SETTING', `${source}: ${(cause as Error).message}.`, { cause });
  }
}

function refuseNames(list: ProxyList, isByName: boolean): void {
  if (isByName) return;
  const asks = addressesIn(list).find(({ byName }) => byName);
  if (!asks) return;
  throw new DroverError(
    'E_SETTING',
    `${asks.name}: with socks5h the proxy looks names up, around the check of addresses. Write socks5, or give --proxy-dns if the proxy guards your network.`,
  );
}

function addressesIn(list: ProxyList): readonly ProxyAddress[] {
  if (list.kind === 'list') return list.proxies;
  return list.kind === 'scheme' ? [list.http, list.https].filter((proxy) => proxy !== null) : [];
}

function wayOf(list: ProxyList): string {
  if (list.kind !== 'list') return 'fetches go through the proxies that the function of the settings chooses';
  const [first] = list.proxies;
  if (list.proxies.length === 1) return `fetches go through the proxy ${first?.name}`;
  const how = list.by === 'host' ? 'the same one for each host' : 'each in turn';
  return `fetches go through ${list.proxies.length} proxies, ${how}`;
}

function waysOf(variables: ProxyVariables, list: ProxyList): string {
  const { http, https } = list.kind === 'scheme' ? list : { http: null, https: null };
  const way = (proxy: ProxyAddress | null, named: NamedProxy | null) =>
    proxy && named ? `through the proxy ${proxy.name} (${named.variable})` : 'without a proxy';
  const [one, other] = [way(http, variables.http), way(https, variables.https)];
  if (http && http.name === https?.name) {
    const named = new Set([variables.http?.variable, variables.https?.variable]);
    return `fetches go through the proxy ${http.name} (${[...named].join(', ')})`;
  }
  return `fetches by http go ${one}, those by https ${other}`;
}
