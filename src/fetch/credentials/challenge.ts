// Reads WWW-Authenticate (RFC 9110 section 11.6.1) and Authentication-Info (RFC 7615).

export interface AuthChallenge {
  /** In lower case: `basic`, `digest`. */
  readonly scheme: string;
  /** By names in lower case; of two with the same name, the first. */
  readonly params: ReadonlyMap<string, string>;
}

const separators = /[\s,]*/y;
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const token68 = /[ \t]+[0-9A-Za-z._~+/-]+=*(?=\s*(?:,|$))/y;
const param = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/sy;

/** Those that can be read, up to the first that cannot. Several header lines are joined by commas. */
export function readChallenges(text: string): AuthChallenge[] {
  const challenges: { scheme: string; params: Map<string, string> }[] = [];
  for (let at = skip(text, 0); at < text.length; at = skip(text, at)) {
    const named = paramAt(text, at);
    const present = challenges.at(-1);
    if (named && present) {
      if (!present.params.has(named.name)) present.params.set(named.name, named.value);
      at = named.end;
      continue;
    }
    token.lastIndex = at;
    const [scheme] = token.exec(text) ?? [];
    if (scheme === undefined) break;
    challenges.push({ scheme: scheme.toLowerCase(), params: new Map() });
    at = token68End(text, token.lastIndex);
  }
  return challenges;
}

/** The parameters of Authentication-Info, as of one challenge. */
export function readAuthenticationInfo(text: string): ReadonlyMap<string, string> {
  return readChallenges(`info ${text}`)[0]?.params ?? new Map();
}

function paramAt(text: string, at: number): { name: string; value: string; end: number } | null {
  param.lastIndex = at;
  const [, name, quoted, bare = ''] = param.exec(text) ?? [];
  if (name === undefined) return null;
  const value = quoted === undefined ? bare : quoted.replace(/\\(.)/gs, '$1');
  return { name: name.toLowerCase(), value, end: param.lastIndex };
}

function skip(text: string, at: number): number {
  separators.lastIndex = at;
  separators.exec(text);
  return separators.lastIndex;
}

function token68End(text: string, at: number): number {
  token68.lastIndex = at;
  return token68.test(text) ? token68.lastIndex : at;
}
