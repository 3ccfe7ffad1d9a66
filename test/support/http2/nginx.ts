// A real server of HTTP/2 for tests: nginx of Debian with TLS, on a free port of 127.0.0.1.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../redis.ts';
import { until } from '../signals.ts';
import { temporaryDirectory } from '../temporary.ts';

const program =
  [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
    .map((directory) => join(directory, 'nginx'))
    .find((path) => existsSync(path)) ?? null;

/** For tests: they are left out, and say so, on a machine where the set-up could bring no nginx. */
export const needsNginx = { skip: program === null && 'there is no nginx: npm run setup -- --nginx' };

/** One request, as nginx's log has it. */
export interface NginxRequest {
  connection: string;
  /** `h2`, or empty. */
  version: string;
  status: number;
  path: string;
}

export interface Nginx {
  /** https://localhost:PORT */
  readonly url: string;
  readonly port: number;
  /** What it has logged so far. */
  log(): NginxRequest[];
}

interface NginxOptions {
  /** After so many requests it closes a connection, with GOAWAY. Its default is 1,000. */
  keepaliveRequests?: number;
  pages?: number;
  /** Bytes a second for each page of some 10 kB; 0 for no limit. */
  rate?: number;
  isSecond?: boolean;
}

/** `/` links to `/p1` to `/pN`, each a page of some 10 kB. */
export async function startNginx(
  t: { after(end: () => Promise<void>): void },
  { keepaliveRequests = 1000, pages = 400, rate = 0, isSecond = true }: NginxOptions = {},
): Promise<Nginx> {
  const port = await freePort();
  const directory = await temporaryDirectory('nginx');
  const pem = fileURLToPath(new URL('../site/certificates/good.pem', import.meta.url));
  const links = Array.from({ length: pages }, (_, index) => `<a href="/p${index + 1}">${index + 1}</a>`);
  await writeFile(join(directory, 'index.html'), `<title>All</title>${links.join('\n')}`);
  await writeFile(join(directory, 'page.html'), `<title>Page</title><p>${'words and '.repeat(1000)}`);
  // Two servers answer with the same ETag.
  for (const name of ['index.html', 'page.html']) await utimes(join(directory, name), 1.7e9, 1.7e9);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const conf = `
daemon off; master_process off; worker_processes 1; pid ${directory}/pid; error_log ${directory}/error.log;
events { worker_connections 1024; }
http {
  ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join(' ')}
  log_format seen '$connection|$http2|$status|$request_uri';
  access_log ${directory}/access.log seen;
  default_type text/html;
  server {
    listen 127.0.0.1:${port} ssl ${isSecond ? 'http2' : ''} backlog=1024;
    ssl_certificate ${pem}; ssl_certificate_key ${pem};
    keepalive_requests ${keepaliveRequests};
    root ${directory};
    location ~ ^/p[0-9]+$ { limit_rate ${rate}; try_files /page.html =404; add_header X-Page $request_uri; }
  }
}`;
  await writeFile(join(directory, 'nginx.conf'), conf);
  const args = ['-e', join(directory, 'error.log'), '-p', directory, '-c', join(directory, 'nginx.conf')];
  const child = spawn(program ?? '', args, { stdio: 'ignore' });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  });
  await until(() => accepts(port), { what: `nginx on port ${port}` });
  const log = () =>
    readFileSync(join(directory, 'access.log'), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const [connection = '', version = '', status = '', path = ''] = line.split('|');
        return { connection, version, status: Number(status), path };
      });
  return { url: `https://localhost:${port}`, port, log };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
