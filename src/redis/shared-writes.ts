// Commands that are sent at about the same time share one write to the socket. Each write is a system call,
// and Redis reads, answers and syncs for each.
import type { Writable } from 'node:stream';

/**
 * From now on, what is written to the stream in one round of the event loop leaves at its end, in one piece.
 * end() still sends all that was written before.
 */
export function shareWrites(stream: Writable): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  let isHeld = false;
  const send = () => {
    isHeld = false;
    stream.uncork();
  };
  const writeTogether = (...args: unknown[]): boolean => {
    if (!isHeld) {
      isHeld = true;
      stream.cork();
      setImmediate(send);
    }
    return write(...args);
  };
  stream.write = writeTogether as Writable['write'];
}
