// A site with TLS whose pages are empty shells: their scripts get what they show from an API behind a login.
import { readFileSync } from 'node:fs';
import type http from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const certificate = (name: string) =>
  fileURLToPath(new URL(`../site/certificates/${name}.pem`, import.meta.url));
/** The authority of the site's certificate, as --ca wants it. */
export const AUTHORITY = certificate('ca');

export interface AppSite {
  /** https://127.0.0.1:PORT */
  url: string;
  /** The same pages on a port whose certificate nobody trusts. */
  untrusted: string;
  logins: number;
  /** What the API was asked, with the headers that it came with. */
  calls: { path: string; headers: IncomingHttpHeaders }[];
  /** What came at the untrusted port. */
  strangers: string[];
  stop(): Promise<void>;
}

const shell = (script: string) =>
  `<!doctype html><meta charset=utf-8><title>app</title><body><div id=app></div><script>
  const put = (text) => {
    const line = document.createElement('p');
    line.textContent = text;
    document.getElementById('app').append(line);
  };
  ${script}</script>`;

/**
 * `whenOut`: what a page does when its API says that nobody is logged in. Before each of these pages is
 * served for the first time, all sessions end.
 */
export async function startAppSite(whenOut: Record<string, string> = {}): Promise<AppSite> {
  const known = new Set<string>();
  let given = 0;
  /** Pages that have not yet come to a session that has ended. */
  const left = new Set(Object.keys(whenOut));
  const site = { logins: 0, calls: [] as AppSite['calls'], strangers: [] as string[] };
  const html = { 'content-type': 'text/html' };

  const answer: http.RequestListener = async (request, response) => {
    const { url: path = '', headers } = request;
    const sid = /\bsid=(\w+)/.exec(headers.cookie ?? '')?.[1] ?? '';
    if (path === '/robots.txt') response.writeHead(200).end('User-agent: *\nDisallow: /api/forbidden\n');
    else if (path === '/login')
      response
        .writeHead(200, html)
        .end('<form action=/enter method=post><input name=user><input type=password name=password></form>');
    else if (path === '/enter') {
      site.logins++;
      await text(request);
      const id = `s${++given}`;
      known.add(id);
      const safe = '; Path=/; Secure; HttpOnly';
      const first = given === 1 ? ['old=1; Path=/; Max-Age=600'] : [];
      const cookies = [`sid=${id}${safe}; SameSite=Strict`, `__Host-own=1${safe}`, ...first];
      response.writeHead(303, { location: '/in', 'set-cookie': cookies }).end();
    } else if (path === '/socket') response.writeHead(400).end();
    else if (path === '/api/redirected') response.writeHead(302, { location: '/api/forbidden' }).end();
    else if (path.startsWith('/api/')) {
      site.calls.push({ path, headers });
      const isIn = known.has(sid);
      const cookie = { 'set-cookie': [`api=of${path.slice(5)}; Path=/`, 'elsewhere=1; Domain=example.com'] };
      response.writeHead(isIn ? 200 : 401, isIn ? cookie : {}).end(isIn ? `data of ${path}` : 'out');
    } else {
      const name = path.slice(1);
      if (whenOut[path] && left.delete(path)) known.clear();
      const script = `
        const ask = (url) => fetch(url).then(async (answer) => {
          if (answer.status === 401) { ${whenOut[path] ?? "put('out')"}; return; }
          put(url + ': ' + await answer.text());
        }, () => put(url + ' failed'));
        put('cookies: ' + document.cookie);
        document.cookie = 'script=${name}; path=/';
        document.cookie = 'old=; path=/; max-age=0';
        const open = () => {
          const socket = new WebSocket('wss://' + location.host + '/echo');
          socket.onmessage = ({ data }) => put('socket: ' + data);
          socket.onerror = () => put('socket failed');
        };
        ask('/api/${name}').then(open).then(() => ask('/api/redirected')).then(() => ask('${urls.untrusted}/api/x'));`;
      response.writeHead(200, html).end(shell(script));
    }
  };
  const servers = ['good', 'self-signed'].map((name) => {
    const pem = readFileSync(certificate(name));
    return https.createServer({ key: pem, cert: pem });
  }) as [https.Server, https.Server];
  const [good, bad] = servers;
  good.on('request', answer);
  good.on('upgrade', (request, socket) => {
    // One message of text: "hello" (RFC 6455 section 5.7).
    const key = request.headers['sec-websocket-key'];
    void acceptOf(String(key)).then((accept) => {
      const head = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade';
      socket.write(`${head}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
      socket.write(Buffer.from([0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]));
    });
    socket.on('error', () => undefined);
  });
  bad.on('request', (request, response) => {
    site.strangers.push(request.url ?? '');
    response.setHeader('access-control-allow-origin', '*').end('from a stranger');
  });
  for (const server of servers) {
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  const [url, untrusted] = servers.map(
    (server) => `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
  ) as [string, string];
  const urls = { url, untrusted };
  return Object.assign(site, {
    ...urls,
    async stop() {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  });
}

async function acceptOf(key: string): Promise<string> {
  const { createHash } = await import('node:crypto');
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}
