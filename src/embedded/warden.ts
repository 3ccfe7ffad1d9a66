// The process that runs the embedded Redis as its child and ends it when nobody uses it any more. A shell script, since it
// must outlive the command that started it (and its whole process group) and should cost next to nothing.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { type Place, replaceFile } from './place.ts';

/**
 * Runs in the place's directory. Arguments: socket, process id of the server if it runs already, then a command that stands
 * in for redis-cli. The lock closes the gap between finding no user and stopping the server: see join() in member.ts.
 * The configuration has a relative name, since redis-server takes ? * [ in a path for a pattern and, if nothing matches,
 * starts with its defaults; and port 0 is said again, lest that ever opened a port.
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
  if [ ! -S "$socket" ]; then # the data directory was removed: nobody can come any more
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
  /** Within a second of its server's end. */
  hasEnded(): boolean;
}

/**
 * Starts it in a session of its own, with a new server or with one that has lost its warden (`serverPid`).
 * Throws the error of the file system.
 */
export async function startWarden(place: Place, serverPid = ''): Promise<Warden> {
  await replaceFile(join(place.dir, 'warden.sh'), script);
  const standIn = [process.execPath, join(import.meta.dirname, `wire${extname(import.meta.filename)}`)];
  const log = openSync(place.log, 'a', 0o600);
  try {
    const args = ['warden.sh', place.socket, serverPid, ...standIn];
    const warden = spawn('sh', args, { cwd: place.dir, detached: true, stdio: ['ignore', log, log] });
    let ended = false;
    for (const event of ['exit', 'error'])
      warden.once(event, () => {
        ended = true;
      });
    warden.unref();
    await replaceFile(place.wardenFile, `${warden.pid}\n`);
    return { hasEnded: () => ended };
  } finally {
    closeSync(log);
  }
}

/** False if the warden has been killed and its server lives on: nobody would end that one. */
export async function hasWarden(place: Place): Promise<boolean> {
  const pid = Number(await readFile(place.wardenFile, 'utf8').catch(() => ''));
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** Gives the running server a new warden if it has lost its own. The caller holds the lock. */
export async function mendWarden(place: Place): Promise<void> {
  const serverPid = (await readFile(place.pidFile, 'utf8').catch(() => '')).trim();
  if (serverPid && !(await hasWarden(place))) await startWarden(place, serverPid);
}
