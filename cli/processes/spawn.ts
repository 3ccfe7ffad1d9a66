// Starts drover again, in a process of its own. No other file of the commands knows which program that is.
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';

/**
 * In a checkout, the path that was given leads through a link to the newest bundle, which may be another one
 * by the time that a process is started: a command and its processes must speak the same language.
 */
const program = realpathSync(process.argv[1] ?? '.');

/** Runs `drover ARGS` with the same Node, and with the options that Node was given for this process. */
export function spawnOwn(args: readonly string[], stdio: StdioOptions): ChildProcess {
  return spawn(process.execPath, [...process.execArgv, program, ...args], { stdio });
}
