// A server that is all the hosts of robots-hosts.ts, and keeps what it was asked.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, drip, hosts, lines, redirect, robotsTakeMs, sick, text } from './robots-hosts.ts';

const failsOnce: Answer = (request, response) =>
  (asksOf(repaired).length === 1 ? text('', 503) : text(lines('Disallow: /private')))(request, response);

const answers = [...[...hosts, ...sick].map(({ robots }) => robots), failsOnce];
export const repaired = answers.length - 1;
/** Where the redirects go to and fro: nothing is fetched there but what they name. */
export const mirror = answers.length;
export const address = (index: number) => `127.0.0.${index + 2}`;

interface Start {
  host: string;
  path: string;
  /** In milliseconds, on the clock of performance.now(). */
  at: number;
}

const log: Start[] = [];

function answer(request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? '';
  const [host = '', port = ''] = request.headers.host?.split(':') ?? [];
  log.push({ host, path, at: performance.now() });
  const index = Number(host.split('.')[3]) - 2;
  const [, left = '', home = ''] = /^\/hop\/(\d)\/(.*)$/.exec(path) ?? [];
  if (path === '/robots.txt') {
    const takesMs = answers[index] === drip ? 0 : robotsTakeMs;
    setTimeout(() => answers[index]?.(request, response), takesMs);
  } else if (path === '/rules.txt' || left === '0') {
    text(lines('Disallow: /redirected'))(request, response);
  } else if (left) {
    const next = index === mirror ? home : `${address(mirror)}:${port}`;
    redirect(`http://${next}/hop/${Number(left) - 1}/${home}`)(request, response);
  } else {
    response.end('here');
  }
}

/** One port on the addresses of all hosts. */
export async function listen(): Promise<{ port: number; close(): void }> {
  for (let attempt = 1; ; attempt++) {
    const servers: Server[] = [];
    let port = 0;
    const close = () => {
      for (const server of servers) server.closeAllConnections();
      for (const server of servers) server.close();
    };
    try {
      for (let index = 0; index <= mirror; index++) {
        const server = createServer(answer).listen(port, address(index));
        servers.push(server);
        await once(server, 'listening');
        port = (server.address() as AddressInfo).port;
      }
      return { port, close };
    } catch (error) {
      // A port that is free at one address may be taken at the next.
      close();
      if (attempt === 10) throw error;
    }
  }
}

export const startsAt = (index: number) => log.filter(({ host }) => host === address(index));
export const asksOf = (index: number) => startsAt(index).filter(({ path }) => path === '/robots.txt');
