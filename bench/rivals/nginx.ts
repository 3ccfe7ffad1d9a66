// The test site's pages as files that nginx serves, with a log of all requests: a server that people know,
// and that costs the least of the machine.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../test/support/redis.ts';
import { type PageShape, pageWriter, ROOT } from '../../test/support/site/pages.ts';
import type { MeasuredSite, Served } from '../measure/measure.ts';

/** The path of nginx, which is not always on the PATH of a user; null if there is none. */
export async function findNginx(): Promise<string | null> {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  for (const folder of folders) {
    const path = join(folder || '.', 'nginx');
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return null;
}

/** Such as nginx 1.22.1. */
export async function nginxVersion(path: string): Promise<string> {
  const { stderr } = await promisify(execFile)(path, ['-v']);
  return `nginx ${/nginx\/(\S+)/.exec(stderr)?.[1] ?? ''}`.trim();
}

export interface NginxSite extends MeasuredSite {
  /** Where its pages are: `root`, and `p/` with the others. */
  pagesIn: string;
  stop(): Promise<void>;
}

/**
 * Writes the pages and serves them, in one process. It ends with stop() or with this process. `isChanging`:
 * files may be changed while it serves them.
 */
export async function startNginx(path: string, shape: PageShape, isChanging = false): Promise<NginxSite> {
  const folder = await mkdtemp(join(tmpdir(), 'drover-bench-nginx-'));
  await writePages(join(folder, 'www'), shape);
  const port = await freePort();
  const [log, pidFile] = [join(folder, 'access.log'), join(folder, 'pid')];
  await writeFile(join(folder, 'nginx.conf'), configuration(folder, port, isChanging));
  // The shell reads from this process: when this process ends, the shell ends nginx and removes the pages.
  const script = '"$0" -p "$1" -c "$1/nginx.conf" -e "$1/error.log" & read -r _; kill -9 $!; rm -rf "$1"';
  const guard = spawn('sh', ['-c', script, path, folder], { stdio: ['pipe', 'ignore', 'inherit'] });
  await untilServing(port, join(folder, 'error.log'));
  const pid = Number(await readFile(pidFile, 'utf8'));
  return {
    url: `http://127.0.0.1:${port}`,
    pid,
    pagesIn: join(folder, 'www'),
    clearLog: () => truncate(log),
    log: async () => readLog(await readFile(log, 'utf8')),
    async stop() {
      const exit = once(guard, 'exit');
      guard.stdin.end();
      await exit;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The requests in a log of the format below. */
export function readLog(text: string): Served[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [ended, took, status, path = '', sent] = line.split(' ');
      const end = 1000 * Number(ended);
      const bytes = sent === undefined ? {} : { bytes: Number(sent) };
      return { start: end - 1000 * Number(took), end, status: Number(status), path, ...bytes };
    });
}

function configuration(folder: string, port: number, isChanging: boolean): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
master_process off;
pid ${folder}/pid;
events { worker_connections 1024; }
http {
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  types { }
  default_type "text/html; charset=utf-8";
  log_format bench '$msec $request_time $status $request_uri $bytes_sent';
  access_log ${folder}/access.log bench;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  open_file_cache ${isChanging ? 'off' : 'max=20000'};
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${folder}/www;
    location = / { rewrite ^ /root last; }
  }
}
`;
}

async function writePages(folder: string, shape: PageShape): Promise<void> {
  await mkdir(join(folder, 'p'), { recursive: true });
  const page = pageWriter(shape);
  await writeFile(join(folder, 'root'), page(ROOT));
  for (let index = 0; index < shape.pages; index++)
    await writeFile(join(folder, 'p', `${index}`), page(index));
}

async function untilServing(port: number, errors: string): Promise<void> {
  for (const deadline = Date.now() + 10_000; ; await sleep(10)) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    if (Date.now() > deadline)
      throw new Error(`nginx did not start:\n${await readFile(errors, 'utf8').catch(() => 'no log')}`);
  }
}
