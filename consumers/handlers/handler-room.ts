// The pages that wait for a handler in this process. They hold no slot and, while there is room, no permit:
// so a handler that is slow, or never returns, stops no other request.

/** How many consumers' worth of pages may wait. Each page keeps its body in memory. */
const MOST_SHARES = 5;
const MOST_BYTES = 64 * 1024 * 1024;

export interface HandlerRoom {
  /** False when there is no room: then the page keeps its permit, and less is fetched. */
  enter(bytes: number): boolean;
  leave(bytes: number): void;
  pages(): number;
}

/** `concurrency`: how many fetches may be in flight in this process. */
export function createHandlerRoom(concurrency: number): HandlerRoom {
  let pages = 0;
  let held = 0;
  return {
    enter(bytes) {
      if (pages >= MOST_SHARES * concurrency || held + bytes > MOST_BYTES) return false;
      pages++;
      held += bytes;
      return true;
    },
    leave(bytes) {
      pages--;
      held -= bytes;
    },
    pages: () => pages,
  };
}
