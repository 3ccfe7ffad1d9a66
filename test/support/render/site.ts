// Sites whose pages are made by JavaScript, on several addresses of this machine at one port.
import dgram from 'node:dgram';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** The site itself; what its pages also ask, though they may not; a host whose robots.txt forbids all. */
export const addresses = { site: '127.0.0.1', hidden: '127.0.0.2', closed: '127.0.0.3' } as const;

export interface ScriptedSite {
  port: number;
  /** http://ADDRESS:PORT of each. */
  urls: Record<keyof typeof addresses, string>;
  /** What came: `ADDRESS PATH`, in order. */
  asked: string[];
  /** The headers of the last request to a path of the site. */
  headersOf: (path: string) => http.IncomingHttpHeaders | undefined;
  /** How many packets came by UDP, which nothing of a crawl may send. */
  packets: () => number;
  stop(): Promise<void>;
}

const shell = (script: string) =>
  `<!doctype html><meta charset=utf-8><title>shell</title><body><div id=app></div><script>${script}</script>`;

/** `pages`: the scripts of further pages, by path. */
export async function startScriptedSite(pages: Record<string, string> = {}): Promise<ScriptedSite> {
  const asked: string[] = [];
  const heads = new Map<string, http.IncomingHttpHeaders>();
  const server = http.createServer((request, answer) => {
    const { url: path = '/', headers } = request;
    const address = request.socket.localAddress ?? '';
    asked.push(`${address} ${path}`);
    heads.set(path, headers);
    answer.setHeader('access-control-allow-origin', '*');
    if (path === '/robots.txt') {
      const rules = address === addresses.closed ? 'User-agent: *\nDisallow: /\n' : '';
      return void answer.end(rules);
    }
    if (path.startsWith('/slow')) return; // never
    if (path === '/app.js') {
      answer.setHeader('content-type', 'text/javascript');
      answer.setHeader('cache-control', 'public, max-age=600');
      return void answer.end('window.shared = "from app.js";');
    }
    if (path.startsWith('/api/')) return void answer.end(JSON.stringify({ says: `data of ${path}` }));
    if (path === '/text') {
      answer.setHeader('content-type', 'text/html');
      return void answer.end(
        `<!doctype html><title>t</title><p>${'A page with text of its own. '.repeat(5)}`,
      );
    }
    const script = pages[path] ?? pages[path.replace(/\d+$/, '')];
    if (script === undefined) {
      answer.statusCode = 404;
      return void answer.end();
    }
    answer.setHeader('content-type', 'text/html');
    answer.end(shell(script));
  });
  server.on('upgrade', (request, socket) => {
    asked.push(`${request.socket.localAddress} UPGRADE ${request.url}`);
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
  const { port } = server.address() as AddressInfo;
  const udp = dgram.createSocket('udp4');
  let packets = 0;
  udp.on('message', () => packets++);
  await new Promise<void>((resolve) => udp.bind(port, '0.0.0.0', resolve));
  const urls = Object.fromEntries(
    Object.entries(addresses).map(([name, address]) => [name, `http://${address}:${port}`]),
  ) as ScriptedSite['urls'];
  return {
    ...{ port, urls, asked },
    headersOf: (path) => heads.get(path),
    packets: () => packets,
    async stop() {
      udp.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
