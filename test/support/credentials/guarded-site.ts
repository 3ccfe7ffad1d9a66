// A site that asks who is there: /basic, /bearer and /digest, with what is under them. It verifies digests by
// RFC 7616 with code of its own, takes each count of a nonce once, and a nonce for so many requests.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface GuardedRequest {
  readonly host: string;
  readonly path: string;
  readonly authorization: string | null;
  readonly status: number;
}

export interface GuardedSite {
  readonly port: number;
  /** http://127.0.0.1:PORT */
  readonly origin: string;
  readonly requests: readonly GuardedRequest[];
  /** The token that is valid now. */
  token: string;
  close(): void;
}

export interface GuardedOptions {
  readonly user: string;
  readonly password: string;
  readonly algorithm?: 'MD5' | 'SHA-256' | 'SHA-512-256' | 'MD5-sess' | 'SHA-256-sess';
  /** After so many requests, a nonce is stale. */
  readonly perNonce?: number;
  /** Each answer names the nonce of the next request. */
  readonly namesNext?: boolean;
  readonly userhash?: boolean;
}

const hashes = { MD5: 'md5', 'SHA-256': 'sha256', 'SHA-512-256': 'sha512-256' } as const;
const realm = 'the "realm"';

export async function startGuardedSite(options: GuardedOptions): Promise<GuardedSite> {
  const requests: GuardedRequest[] = [];
  const digests = new Digests(options);
  const basic = `Basic ${Buffer.from(`${options.user}:${options.password}`).toString('base64')}`;
  const site = { token: 'first-token' };
  const challengeOf = (request: IncomingMessage, path: string): string | null => {
    const { authorization } = request.headers;
    if (path.startsWith('/basic')) return authorization === basic ? null : 'Basic realm="basic"';
    if (path.startsWith('/bearer'))
      return authorization === `Bearer ${site.token}` ? null : 'Bearer error="invalid_token"';
    return path.startsWith('/digest') ? digests.check(request, path) : null;
  };
  const server = http.createServer((request, response) => {
    const { url: path = '', headers } = request;
    const challenge = challengeOf(request, path);
    answer(
      response,
      path,
      challenge,
      challenge === null && path.startsWith('/digest') ? digests.next() : null,
    );
    const { host = '', authorization = null } = headers;
    requests.push({ host, path, authorization, status: response.statusCode });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...{ port, origin: `http://127.0.0.1:${port}`, requests },
    get token() {
      return site.token;
    },
    set token(token) {
      site.token = token;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(response: ServerResponse, path: string, challenge: string | null, next: string | null): void {
  response.setHeader('content-type', 'text/html');
  if (next !== null) response.setHeader('authentication-info', `nextnonce="${next}"`);
  if (challenge !== null) {
    response.setHeader('www-authenticate', ['Negotiate', challenge]);
    response.writeHead(401).end('who?');
    return;
  }
  const [, to] = /[?&]to=([^&]*)/.exec(path) ?? [];
  if (to !== undefined) response.writeHead(302, { location: decodeURIComponent(to) }).end();
  else if (path === '/robots.txt') response.writeHead(404).end();
  else response.end(`<title>in</title>${linksOf(path)}`);
}

/** /digest/links/20 links to twenty pages. */
function linksOf(path: string): string {
  const count = Number(/\/links\/(\d+)$/.exec(path)?.[1] ?? 0);
  return Array.from({ length: count }, (_, n) => `<a href="${path.replace(/links.*/, `p${n}`)}">p</a>`).join(
    '',
  );
}

class Digests {
  readonly #options: GuardedOptions;
  readonly #used = new Map<string, Set<string>>();

  constructor(options: GuardedOptions) {
    this.#options = options;
  }

  next(): string | null {
    return this.#options.namesNext ? this.#fresh() : null;
  }

  #fresh(): string {
    const nonce = randomBytes(12).toString('base64');
    this.#used.set(nonce, new Set());
    return nonce;
  }

  /** Null when the request may have its page, otherwise the challenge. */
  check({ method = '', headers }: IncomingMessage, path: string): string | null {
    const fields = fieldsOf(headers.authorization ?? '');
    if (fields === null) return this.#challenge(false);
    const used = this.#used.get(fields.nonce ?? '');
    const { algorithm = 'MD5', perNonce = 1000 } = this.#options;
    const hash = (text: string) =>
      createHash(hashes[algorithm.replace('-sess', '') as keyof typeof hashes])
        .update(text)
        .digest('hex');
    const { user, password, userhash } = this.#options;
    const { nonce, nc = '', cnonce, qop } = fields;
    const login = hash(`${user}:${realm}:${password}`);
    const secret = algorithm.endsWith('-sess') ? hash(`${login}:${nonce}:${cnonce}`) : login;
    const expected = hash(`${secret}:${nonce}:${nc}:${cnonce}:${qop}:${hash(`${method}:${path}`)}`);
    const name = userhash ? hash(`${user}:${realm}`) : user;
    const isHis = fields.username === name && fields.uri === path && fields.response === expected;
    if (!isHis || fields.opaque !== 'opaque' || fields.realm !== realm) return this.#challenge(false);
    if (!used || used.has(nc) || used.size >= perNonce) return this.#challenge(true);
    used.add(nc);
    return null;
  }

  #challenge(isStale: boolean): string {
    const { algorithm = 'MD5', userhash = false } = this.#options;
    const stale = isStale ? ', stale=true' : '';
    const hashed = userhash ? ', userhash=true, charset=UTF-8' : '';
    return `Digest realm="the \\"realm\\"", qop="auth,auth-int", algorithm=${algorithm}, nonce="${this.#fresh()}", opaque="opaque"${stale}${hashed}`;
  }
}

function fieldsOf(header: string): Record<string, string> | null {
  if (!header.startsWith('Digest ')) return null;
  const pairs = header.slice(7).matchAll(/(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^,\s]+))/g);
  return Object.fromEntries(
    Array.from(pairs, ([, name, quoted, bare]) => [name, (quoted ?? bare ?? '').replace(/\\(.)/g, '$1')]),
  );
}
