// A TCP proxy before a test's Redis that can forget its connections: their bytes are swallowed from then on,
// and nobody is told. New connections work.
import { connect, createServer, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { freePort } from './redis.ts';

export interface Middlebox {
  readonly url: string;
  /** Forgets all connections that are open now. */
  forget(): void;
}

export async function startMiddlebox(t: TestContext, redisUrl: string): Promise<Middlebox> {
  const port = await freePort();
  let open: [Socket, Socket][] = [];
  const server = createServer((near) => {
    const far = connect(Number(new URL(redisUrl).port), '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => {});
    near.on('close', () => far.destroy());
    open.push([near, far]);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const forget = () => {
    for (const [near, far] of open) {
      near.unpipe(far).resume();
      far.unpipe(near).resume();
    }
    open = [];
  };
  t.after(() => server.close());
  return { url: `redis://127.0.0.1:${port}`, forget };
}
