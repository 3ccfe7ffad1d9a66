// The replica: a server on loopback in the place of the sampled ones. Fork it and send it the pages; it says
// its port.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { prepareAnswer, type ReplicaPage, sendAnswer } from './replica-answer.ts';

async function listen(pages: readonly ReplicaPage[]): Promise<void> {
  const ready = await Promise.all(pages.map(prepareAnswer));
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const page = ready[Number(request.url?.slice(1))];
    if (page) sendAnswer(page, response);
    else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1', 2048, () => process.send?.({ port: (server.address() as AddressInfo).port }));
}

if (import.meta.main) {
  // The command ends this process. Its terminal must not end it before.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  process.on('disconnect', () => process.exit());
  process.once('message', (pages: ReplicaPage[]) => void listen(pages));
}
