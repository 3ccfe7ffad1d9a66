// The program of a thread, as piscina starts it.
import { getHeapStatistics } from 'node:v8';
import { MessageChannel, parentPort, threadId, workerData } from 'node:worker_threads';
import type { FromThread, PageTask, ThreadSetUp, ToThread } from './messages.ts';
import { PageRunner } from './page-runner.ts';

/** The first message of a thread: its own port, for messages while it runs a page. */
export interface ThreadHello {
  readonly threadId: number;
  readonly port: MessagePort;
}

type MessagePort = MessageChannel['port1'];

const { port1: port, port2 } = new MessageChannel();
const tell = (message: FromThread) => port.postMessage(message);
const runner = new PageRunner(workerData as ThreadSetUp, tell, () => {
  const { used_heap_size: heap, external_memory: outside } = getHeapStatistics();
  return heap + outside;
});
port.on('message', (message: ToThread) => runner.hear(message));
port.unref();
parentPort?.postMessage({ threadId, port: port2 } satisfies ThreadHello, [port2]);

/**
 * Called by piscina for each page. The reply goes the way of all messages of the page, so that it is the last
 * of them. Never resolves when the thread must be ended after the page.
 */
export default async function runPage(task: PageTask): Promise<void> {
  const reply = await runner.run(task);
  tell({ kind: 'reply', page: task.page, reply });
  if (reply.isLast) await new Promise(() => undefined);
}
