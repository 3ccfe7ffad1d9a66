// The variables that programs of a system share: which proxies to use, and for which hosts none. They are
// read as curl reads them.

export interface ProxyVariables {
  /** The proxy for requests by http and https, and the variable that names it. */
  readonly http: NamedProxy | null;
  readonly https: NamedProxy | null;
  /** NO_PROXY as it was given; '' for none. */
  readonly noProxy: string;
}

export interface NamedProxy {
  readonly variable: string;
  readonly address: string;
}

/**
 * The name in lower case comes first; an empty value counts as none. One thing differs from curl: HTTP_PROXY
 * in capitals counts too, unless this is a CGI program (REQUEST_METHOD), where a client could set it by the
 * header `Proxy`.
 */
export function readProxyVariables(environment: NodeJS.ProcessEnv): ProxyVariables {
  const named = (...variables: string[]): NamedProxy | null => {
    for (const variable of variables) {
      const address = environment[variable]?.trim();
      if (address) return { variable, address };
    }
    return null;
  };
  const all = ['all_proxy', 'ALL_PROXY'];
  const capitals = environment.REQUEST_METHOD ? [] : ['HTTP_PROXY'];
  return {
    http: named('http_proxy', ...capitals, ...all),
    https: named('https_proxy', 'HTTPS_PROXY', ...all),
    noProxy: named('no_proxy', 'NO_PROXY')?.address ?? '',
  };
}
