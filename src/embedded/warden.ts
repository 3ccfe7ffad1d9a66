// The warden: a process that runs the embedded Redis as its child and stops it when no process uses it any
// more. It is a shell script, because it must outlive the command that started it (and its process group) and
// should use few resources.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { type RedisFiles, replaceFile } from './redis-files.ts';

/**
 * Runs in the directory of the embedded Redis. Arguments: the socket; the process id of the server if it runs
 * already, otherwise an empty text; a command to use if redis-cli is missing. The lock prevents that a
 * process joins between the last check for users and the stop of the server: see join() in member.ts. The
 * configuration file is given by a relative name, because redis-server reads ? * [ in a path as a pattern and
 * starts with its defaults if no file matches. The option --port 0 makes sure that not even this opens a
 * port.
 */
const script = `# Written by drover: runs redis-server, and stops it when no drover process has been connected for three seconds.
socket=$1 server=$2
shift 2
exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
command -v redis-cli >/dev/null 2>&1 && set -- redis-cli

users() {
  list=$("$@" -s "$socket" client list 2>/dev/null)
  case $list in
    *' name=drover:'*) echo some ;;
    *id=*) echo none ;;
    *) echo unknown ;;
  esac
}

stop() {
  kill -TERM "$server"
  left=100
  while kill -0 "$server" 2>/dev/null; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || kill -KILL "$server"
    sleep 0.1
  done
}

if [ -z "$server" ]; then
  redis-server redis.conf --port 0 &
  server=$!
fi
idle=0
while sleep 1; kill -0 "$server" 2>/dev/null; do
  if [ ! -S "$socket" ]; then # the data directory was removed: no process can join any more
    idle=$((idle + 1))
    [ "$idle" -lt 3 ] || stop
    continue
  fi
  case $(users "$@") in
    some) idle=0 ;;
    none) idle=$((idle + 1)) ;;
  esac
  [ "$idle" -ge 3 ] || continue
  (set -C; echo $$ >lock) 2>/dev/null || continue
  [ "$(users "$@")" != none ] || stop
  idle=0
  rm -f lock
done
`;

export interface Warden {
  /** Whether the warden has ended. It ends within a second after its server. */
  hasEnded(): boolean;
}

/**
 * Starts a warden in a session of its own. It starts a new server, or watches the running server `serverPid`,
 * whose warden has ended. Throws the error of the file system.
 */
export async function startWarden(files: RedisFiles, serverPid = ''): Promise<Warden> {
  await replaceFile(join(files.dir, 'warden.sh'), script);
  const standIn = [process.execPath, join(import.meta.dirname, `wire${extname(import.meta.filename)}`)];
  const log = openSync(files.log, 'a', 0o600);
  try {
    const args = ['warden.sh', files.socket, serverPid, ...standIn];
    const warden = spawn('sh', args, { cwd: files.dir, detached: true, stdio: ['ignore', log, log] });
    let ended = false;
    for (const event of ['exit', 'error'])
      warden.once(event, () => {
        ended = true;
      });
    warden.unref();
    await replaceFile(files.wardenFile, `${warden.pid}\n`);
    return { hasEnded: () => ended };
  } finally {
    closeSync(log);
  }
}

/** Whether the warden runs. If it was killed, the server goes on, but no process would stop it. */
export async function hasWarden(files: RedisFiles): Promise<boolean> {
  const pid = Number(await readFile(files.wardenFile, 'utf8').catch(() => ''));
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Gives the running server a new warden if it has lost its own. The caller holds the lock. */
export async function replaceWarden(files: RedisFiles): Promise<void> {
  const serverPid = (await readFile(files.pidFile, 'utf8').catch(() => '')).trim();
  if (serverPid && !(await hasWarden(files))) await startWarden(files, serverPid);
}
