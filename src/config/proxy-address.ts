// The address of a proxy: reads what a user gives, and makes the form without user and password, which
// messages and records show.

export interface ProxyAddress {
  readonly kind: 'http' | 'https' | 'socks5';
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** Null: the proxy is asked without user and password. */
  readonly user: string | null;
  readonly password: string;
  /** The user has asked that the proxy looks names up (socks5h). */
  readonly byName: boolean;
  /** `http://proxy.example:3128`, without user and password. Others of the same name are numbered: `…#2`. */
  readonly name: string;
}

/**
 * Chooses the proxy of a request: its URL, or null for none. `failed`: the URLs that it has returned and that
 * are left out now.
 */
export type ProxyFunction = (request: {
  url: string;
  host: string;
  failed: readonly string[];
}) => string | null | Promise<string | null>;

export const PROXY_FORM =
  'expected http://, https:// or socks5://user:password@host:port, or the path of a file with one of them a line';

/** Those of curl: 443 for a proxy that speaks TLS, 1080 for any other. */
const defaultPorts = { http: 1080, https: 443, socks5: 1080 } as const;
/** The most that SOCKS can carry (RFC 1929 section 2). */
const MOST_BYTES = 255;

/** Whether the text is meant as an address, not as the path of a file with addresses. */
export function isProxyAddress(text: string): boolean {
  return text.includes('://') || /^[^/\s]*:\d+$/.test(text);
}

/** Throws an Error whose message says what is wrong, without the address, which may hold a password. */
export function readProxyAddress(text: string): ProxyAddress {
  const parts = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(?:(.*)@)?(\[[^\]@]+\]|[^:/?#@]*)(?::(\d{1,5}))?\/?$/is.exec(
    text.trim(),
  );
  if (!parts) throw new Error(`${PROXY_FORM}; in a password, write @ : / ? # % as %40 %3A %2F %3F %23 %25`);
  const [, scheme = 'http', login, place = '', digits] = parts;
  const { kind, byName } = kindOf(scheme.toLowerCase());
  const host = hostOf(place);
  const port = digits === undefined ? defaultPorts[kind] : Number(digits);
  if (port < 1 || port > 65_535) throw new Error('expected a port from 1 to 65535');
  const colon = login?.indexOf(':') ?? -1;
  const user = login === undefined ? null : decoded(colon < 0 ? login : login.slice(0, colon));
  const password = login === undefined || colon < 0 ? '' : decoded(login.slice(colon + 1));
  if (Buffer.byteLength(user ?? '') > MOST_BYTES || Buffer.byteLength(password) > MOST_BYTES)
    throw new Error(`the user and the password of a proxy have at most ${MOST_BYTES} bytes each`);
  const name = `${kind}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { kind, host, port, user, password, byName, name };
}

/** The addresses with the names that tell them apart. */
export function numbered(addresses: readonly ProxyAddress[]): ProxyAddress[] {
  const seen = new Map<string, number>();
  return addresses.map((address) => {
    const count = (seen.get(address.name) ?? 0) + 1;
    seen.set(address.name, count);
    return count === 1 ? address : { ...address, name: `${address.name}#${count}` };
  });
}

function kindOf(scheme: string): Pick<ProxyAddress, 'kind' | 'byName'> {
  if (scheme === 'http' || scheme === 'https' || scheme === 'socks5') return { kind: scheme, byName: false };
  if (scheme === 'socks5h') return { kind: 'socks5', byName: true };
  throw new Error('expected a proxy that speaks http, https or socks5');
}

/** As URLs write it: IDN as punycode, 127.1 as 127.0.0.1. */
function hostOf(place: string): string {
  const url = place === '' ? null : URL.parse(`http://${place}/`);
  if (url === null || url.hostname === '') throw new Error('expected the host of the proxy');
  return url.hostname.replace(/^\[|\]$/g, '');
}

function decoded(text: string): string {
  let plain: string;
  try {
    plain = decodeURIComponent(text);
  } catch {
    throw new Error('write % in the user or password of a proxy as %25');
  }
  if (/[\u0000-\u001f\u007f]/.test(plain))
    throw new Error('a user or password of a proxy holds no control characters');
  return plain;
}
