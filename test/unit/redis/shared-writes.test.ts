import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import test from 'node:test';
import { setImmediate as nextRound } from 'node:timers/promises';
import { shareWrites } from '../../../src/redis/shared-writes.ts';

/** A connection whose writes are counted, and what its peer has received when it has ended. */
async function openConnection(t: test.TestContext) {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const socket = connect(port, '127.0.0.1');
  const [[peer]] = (await Promise.all([once(server, 'connection'), once(socket, 'connect')])) as [
    [Socket],
    unknown,
  ];
  let text = '';
  peer.setEncoding('latin1').on('data', (piece) => {
    text += piece;
  });
  let writes = 0;
  const counted = socket as unknown as Record<'_write' | '_writev', (...args: unknown[]) => void>;
  for (const name of ['_write', '_writev'] as const) {
    const own = counted[name].bind(socket);
    counted[name] = (...args) => {
      writes++;
      own(...args);
    };
  }
  shareWrites(socket);
  return {
    socket,
    writes: () => writes,
    received: async () => {
      await once(peer, 'end');
      return text;
    },
  };
}

test('what is written in one round of the event loop leaves in one write, in its order', async (t) => {
  const { socket, writes, received } = await openConnection(t);
  const got = received();
  socket.write('a');
  await Promise.resolve();
  socket.write(Buffer.from('b'));
  process.nextTick(() => socket.write('c'));
  await nextRound();
  await nextRound();
  assert.equal(writes(), 1);
  socket.write('d');
  await nextRound();
  await nextRound();
  assert.equal(writes(), 2);
  socket.end('e');
  assert.equal(await got, 'abcde');
});

test('what was written is sent before the end, and calls back', async (t) => {
  const { socket, received } = await openConnection(t);
  const got = received();
  const written = new Promise<void>((resolve) => socket.write('a', 'latin1', () => resolve()));
  socket.end();
  await written;
  assert.equal(await got, 'a');
});

test('a socket that is destroyed meanwhile harms nobody', async (t) => {
  const { socket } = await openConnection(t);
  socket.write('a');
  socket.destroy();
  await once(socket, 'close');
  await nextRound();
  assert.ok(socket.destroyed);
});
