// The pages of this process that are fetched and wait for something slow: for their handler, or for the store
// of records. They hold no slot and, while there is room, no permit: so a handler that never returns, or a
// store that takes its time, stops no fetch.

/** How many consumers' worth of pages may wait. Each page keeps its body in memory. */
const MOST_SHARES = 5;
const MOST_BYTES = 64 * 1024 * 1024;

export interface PageRoom {
  /** False when there is no room: then the page keeps its permit, and less is fetched. */
  enter(bytes: number): boolean;
  leave(bytes: number): void;
  pages(): number;
  /** Sets what is called whenever half as many more pages wait as may be fetched at a time. */
  onGrown(grown: () => void): void;
}

/** `concurrency`: how many fetches may be in flight in this process. */
export function createPageRoom(concurrency: number): PageRoom {
  const step = Math.ceil(concurrency / 2);
  let pages = 0;
  let held = 0;
  let grown = () => {};
  return {
    enter(bytes) {
      if (pages >= MOST_SHARES * concurrency || held + bytes > MOST_BYTES) return false;
      held += bytes;
      if (++pages % step === 0) grown();
      return true;
    },
    leave(bytes) {
      pages--;
      held -= bytes;
    },
    pages: () => pages,
    onGrown(call) {
      grown = call;
    },
  };
}
