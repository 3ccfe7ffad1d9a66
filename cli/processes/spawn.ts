// Starts drover again, in a process of its own. No other file of the commands knows which program that is.
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';

/** Runs `drover ARGS` with the same Node, and with the options that Node was given for this process. */
export function spawnOwn(args: readonly string[], stdio: StdioOptions): ChildProcess {
  const program = process.argv[1] ?? '';
  return spawn(process.execPath, [...process.execArgv, program, ...args], { stdio });
}
