// Ends a process with the one that started it, also while its event loop is busy: a thread looks out.
import { Worker } from 'node:worker_threads';

const lookOut = `
  const { workerData: { parent, patienceMs } } = require('node:worker_threads');
  const end = () => process.kill(process.pid, 'SIGKILL');
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    setTimeout(end, patienceMs);
  }, 1000);
`;

/** `patienceMs`: how long the process may still work after that. */
export function lookOutForParent(patienceMs: number): void {
  new Worker(lookOut, { eval: true, workerData: { parent: process.ppid, patienceMs } }).unref();
}
