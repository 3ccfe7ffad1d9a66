// The jobs of this process that wait for something slow before their fetch: for the addresses of a name, or
// for a robots.txt that another job fetches. They hold no permit meanwhile, so that name servers which do not
// answer stop no other request.
import type { HeldSlot } from './held-slot.ts';

/** How many consumers' worth of jobs may wait. Each holds its lock and its slot. */
const MOST_SHARES = 20;
/** Most waits are over within this time, and need no room. */
const SHORT_MS = 50;
const FOR_EVER_MS = 2_147_483_647;

export interface WaitingRoom {
  /** False when there is no room: then the job keeps its permit, and less is fetched. */
  enter(): boolean;
  leave(): void;
  jobs(): number;
  /** Sets what is called whenever half as many more jobs wait as may be fetched at a time. */
  onGrown(grown: () => void): void;
}

/** `concurrency`: how many fetches may be in flight in this process. */
export function createWaitingRoom(concurrency: number): WaitingRoom {
  const step = Math.ceil(concurrency / 2);
  let jobs = 0;
  let grown = () => {};
  return {
    enter() {
      if (jobs >= MOST_SHARES * concurrency) return false;
      if (++jobs % step === 0) grown();
      return true;
    },
    leave() {
      jobs--;
    },
    jobs: () => jobs,
    onGrown(call) {
      grown = call;
    },
  };
}

/** Waits for `work`. If that takes long, others may fetch meanwhile; the permit is held again afterwards. */
export async function waitInRoom<T>(room: WaitingRoom, slot: HeldSlot, work: Promise<T>): Promise<T> {
  if (!(await isLong(work)) || !room.enter()) return work;
  const lent = slot.lendPermit();
  try {
    return await work;
  } finally {
    room.leave();
    if (lent) await slot.takePermit(FOR_EVER_MS);
  }
}

function isLong(work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(true), SHORT_MS);
    const done = () => {
      clearTimeout(timer);
      resolve(false);
    };
    work.then(done, done);
  });
}
