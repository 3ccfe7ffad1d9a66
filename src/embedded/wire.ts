// A plain connection to the embedded Redis, for a few commands with one reply each. It takes a millisecond,
// while one of ioredis takes tens. The file is also a program that replaces a missing redis-cli: node wire.ts
// -s SOCKET COMMAND…
import { connect, type Socket } from 'node:net';

/** Connects to a Unix socket. Returns null if no server listens there. Later errors only close the socket. */
export function dial(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.on('error', () => resolve(null));
  });
}

/**
 * Sends one command and returns the reply. A reply that is not a bulk string keeps its first character
 * ('+PONG', '-LOADING …'). Null if the connection closes or no reply comes in time.
 */
export function say(socket: Socket, command: string, timeoutMs = 2000): Promise<string | null> {
  return new Promise((resolve) => {
    let received = '';
    const timer = setTimeout(finish, timeoutMs, null);
    const onClose = () => finish(null);
    socket.on('data', onData).once('close', onClose);
    if (socket.destroyed) finish(null);
    else socket.write(`${command}\r\n`);

    function onData(data: Buffer) {
      // Names and paths may have any bytes, and lengths count bytes. In latin1, each byte is one character.
      received += data.toString('latin1');
      const reply = parseReply(received);
      if (reply !== null) finish(reply);
    }
    function finish(reply: string | null) {
      clearTimeout(timer);
      socket.off('data', onData).off('close', onClose);
      resolve(reply);
    }
  });
}

/** Parses a reply, which is a simple or a bulk string. Null while it is not complete. */
function parseReply(text: string): string | null {
  const end = text.indexOf('\r\n');
  if (end < 0) return null;
  if (!text.startsWith('$')) return text.slice(0, end);
  const length = Number(text.slice(1, end));
  return text.length >= end + 4 + length ? text.slice(end + 2, end + 2 + length) : null;
}

if (import.meta.main) {
  const [, , , path = '', ...command] = process.argv;
  const socket = await dial(path);
  const reply = socket && (await say(socket, command.join(' ')));
  socket?.destroy();
  process.stdout.write(reply ?? '');
  process.exitCode = reply === null ? 1 : 0;
}
