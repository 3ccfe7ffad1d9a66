// A plain connection to the embedded Redis: a few commands, one reply each. It costs a millisecond, an ioredis one tens.
// As a program it stands in for redis-cli where that is missing: node wire.ts -s SOCKET COMMAND…
import { connect, type Socket } from 'node:net';

/** Null if nothing listens there. The socket's errors are left to its 'close'. */
export function dial(path: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.on('error', () => resolve(null));
  });
}

/** The reply to one command, with its sign if it is not a string ('+PONG', '-LOADING …'); null if none came in time. */
export function say(socket: Socket, command: string, timeoutMs = 2000): Promise<string | null> {
  return new Promise((resolve) => {
    let received = '';
    const timer = setTimeout(finish, timeoutMs, null);
    const onClose = () => finish(null);
    socket.on('data', onData).once('close', onClose);
    if (socket.destroyed) finish(null);
    else socket.write(`${command}\r\n`);

    function onData(data: Buffer) {
      // Names and paths may hold any byte, lengths count bytes: latin1 keeps one character a byte.
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

/** A simple or a bulk string; null while it is not complete. */
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
