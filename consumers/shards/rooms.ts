// What one shard has in the rooms of its process. All shards share the room; each has workers of its own,
// which must know how many of their jobs are in it.
import type { PageRoom } from '../slot/page-room.ts';
import type { WaitingRoom } from '../slot/waiting-room.ts';

/** `step`: after how many more `onGrown` is called, as in createPageRoom. */
export function pageRoomOfShard(room: PageRoom, step: number): PageRoom {
  const own = countFrom(step);
  return {
    enter(bytes) {
      if (!room.enter(bytes)) return false;
      own.more();
      return true;
    },
    leave(bytes) {
      own.less();
      room.leave(bytes);
    },
    pages: own.count,
    onGrown: own.onGrown,
  };
}

/** The same for the jobs that wait before their fetch. */
export function waitingRoomOfShard(room: WaitingRoom, step: number): WaitingRoom {
  const own = countFrom(step);
  return {
    enter() {
      if (!room.enter()) return false;
      own.more();
      return true;
    },
    leave() {
      own.less();
      room.leave();
    },
    jobs: own.count,
    onGrown: own.onGrown,
  };
}

function countFrom(step: number) {
  let count = 0;
  let grown = () => {};
  return {
    count: () => count,
    more() {
      if (++count % step === 0) grown();
    },
    less() {
      count--;
    },
    onGrown(call: () => void) {
      grown = call;
    },
  };
}
