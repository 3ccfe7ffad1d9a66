// A real S3 server for one test: Ceph's radosgw of Debian with one monitor and one store in memory, on free
// ports of 127.0.0.1, in a temporary directory. It ends with the process of the test, even when that is
// killed.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openS3Connection } from '../../../src/records/s3/request.ts';
import { freePort } from '../redis.ts';

const programs = ['/usr/bin/ceph-mon', '/usr/bin/ceph-osd', '/usr/bin/radosgw'];

/** For tests: they are left out, and say so, on a machine without a radosgw. */
export const needsRadosgw = {
  skip: !programs.every((path) => existsSync(path)) && 'there is no radosgw: npm run setup -- --s3',
};

export const ACCESS_KEY = 'drovertestkey';
export const SECRET_KEY = 'drover/test+secret';

export interface TestS3 {
  /** http://127.0.0.1:PORT */
  readonly endpoint: string;
  /** What a process needs besides the address. */
  readonly env: Record<string, string>;
  /** Of its three processes. */
  readonly pids: readonly number[];
  /** Kills the server that speaks S3 with SIGKILL, like a crash; what it had written stays. */
  kill(): Promise<void>;
  /** Starts it again, and waits until it answers. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const START_MS = 60_000;

/**
 * The server for all tests of a file, from the first of them on. What they do in their own process reaches it
 * too.
 */
export function radosgwForTests(): TestS3 {
  const s3 = {} as TestS3;
  before(async () => {
    if (needsRadosgw.skip) return;
    Object.assign(s3, await startRadosgw());
    Object.assign(process.env, s3.env);
  });
  after(() => s3.stop?.());
  return s3;
}

/** Starts the server and makes a bucket. Takes about 3 s. Throws an Error with its log if it fails. */
export async function startRadosgw(): Promise<TestS3> {
  const dir = await mkdtemp(join(tmpdir(), 'drover-ceph-'));
  const [monPort, port] = [await freePort(), await freePort()];
  const fsid = crypto.randomUUID();
  const [conf, pidFile] = [join(dir, 'ceph.conf'), join(dir, 'pids')];
  await writeFile(conf, configOf({ dir, monPort, port, fsid }));
  for (const name of ['mon', 'osd', 'rgw', 'run']) await mkdir(join(dir, name));
  // Settings are read from the file alone. With those of the monitor, a program asks for them first, and then
  // knows no fsid until the first map has come: a command that it sends before is refused as "wrong fsid",
  // and the store ends.
  const shared = ['-c', conf, '--no-mon-config'];
  const run = (program: string, ...args: string[]) =>
    execFileSync(program, [...shared, ...args], { cwd: dir, stdio: 'pipe', timeout: START_MS }).toString();
  run(
    'monmaptool',
    '--create',
    '--fsid',
    fsid,
    '--addv',
    'a',
    `[v1:127.0.0.1:${monPort}]`,
    join(dir, 'monmap'),
  );
  run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', join(dir, 'monmap'));
  const log = openSync(join(dir, 'log'), 'a');
  const children: ChildProcess[] = [];
  const notePids = () =>
    writeFileSync(pidFile, children.flatMap(({ pid, signalCode }) => (signalCode ? [] : [pid])).join(' '));
  const serve = (program: string, ...args: string[]) => {
    const child = spawn(program, [...shared, '-f', ...args], { cwd: dir, stdio: ['ignore', log, log] });
    child.unref();
    children.push(child);
    notePids();
    return child;
  };
  serve('ceph-mon', '-i', 'a');
  run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', crypto.randomUUID());
  serve('ceph-osd', '-i', '0');
  let gateway = serve('radosgw', '-n', 'client.rgw');
  const guard = spawn('sh', ['-c', `read -r _; kill -9 $(cat "$0/pids"); rm -rf "$0"`, dir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  (guard.stdin as unknown as { unref(): void }).unref();
  const endpoint = `http://127.0.0.1:${port}`;
  const kill = async () => {
    const ended = once(gateway, 'exit');
    gateway.ref();
    gateway.kill('SIGKILL');
    await ended;
    notePids();
  };
  const stop = async () => {
    for (const child of children) child.kill('SIGKILL');
    guard.kill('SIGKILL');
    await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  if (!(await answers(endpoint))) {
    const said = readFileSync(join(dir, 'log'), 'utf8').slice(-3000);
    await stop();
    throw new Error(`radosgw did not answer within ${START_MS / 1000} s\n${said}`);
  }
  run(
    'radosgw-admin',
    'user',
    'create',
    '--uid=drover',
    '--display-name=drover',
    `--access-key=${ACCESS_KEY}`,
    `--secret-key=${SECRET_KEY}`,
  );
  await makeBucket(endpoint);
  return {
    endpoint,
    env: {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_ACCESS_KEY_ID: ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: SECRET_KEY,
      AWS_REGION: 'us-east-1',
    },
    pids: children.map(({ pid = 0 }) => pid),
    kill,
    async start() {
      gateway = serve('radosgw', '-n', 'client.rgw');
      if (!(await answers(endpoint))) throw new Error('radosgw did not answer again');
    },
    stop,
  };
}

/** The bucket `crawls`. */
async function makeBucket(endpoint: string): Promise<void> {
  const connection = openS3Connection({
    kind: 's3',
    bucket: 'crawls',
    prefix: '',
    endpoint,
    region: 'us-east-1',
  });
  const keys = { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY, sessionToken: null };
  const { status, body } = await connection.send({ method: 'PUT', key: null, mostBytes: 10_000 }, keys);
  if (status !== 200) throw new Error(`no bucket could be made: ${status} ${body}`);
  connection.close();
}

async function answers(endpoint: string): Promise<boolean> {
  for (const deadline = Date.now() + START_MS; Date.now() < deadline; await sleep(50)) {
    const answer = await fetch(endpoint, { signal: AbortSignal.timeout(2000) }).catch(() => null);
    await answer?.text();
    if (answer) return true;
  }
  return false;
}

/** The intervals are those at which the parts look for each other: seconds, if they are not set. */
function configOf({
  dir,
  monPort,
  port,
  fsid,
}: {
  dir: string;
  monPort: number;
  port: number;
  fsid: string;
}) {
  return `[global]
fsid = ${fsid}
mon_host = v1:127.0.0.1:${monPort}
mon_initial_members = a
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
run_dir = ${dir}/run
admin_socket = ${dir}/run/$name.$pid.sock
log_file =
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 8
osd_crush_chooseleaf_type = 0
osd_objectstore = memstore
memstore_device_bytes = 2147483648
mon_allow_pool_size_one = true
ms_bind_msgr2 = false
public_addr = 127.0.0.1
mon_client_hunt_interval = 0.2
objecter_tick_interval = 0.2
paxos_propose_interval = 0.05
mon_data = ${dir}/mon
osd_data = ${dir}/osd
rgw_data = ${dir}/rgw
rgw_frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
`;
}
