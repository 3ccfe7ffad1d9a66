// Says which test file starts when. Most files wait more than they compute: two at a time left the cores idle
// for half of the time, and a fixed larger number would make those that are about time unsteady on a slow or
// busy machine. So a further file starts only while the cores are idle.
import { availableParallelism, cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** So many run in any case. The tests are meant for two cores. */
const LEAST = 2;
/** No more than these run, however idle the cores are: each may start a Redis, a server, some consumers. */
const MOST = LEAST + 1 + availableParallelism();
/** A further file starts when this share of all cores was idle over the last second. */
const IDLE_SHARE = 0.3;
const LOOK_MS = 250;
/** What a file does to the cores is seen after this time. Until then, no further one starts. */
const SETTLE_MS = 1000;

/** The longest come first, so that the run does not end with one of them alone. */
const byLength = [/^test\/(chaos|browser)\//, /^test\/integration\//, /^/];

/** Runs `work` for each of the files. Resolves when all have ended. */
export async function schedule(files, work) {
  const rankOf = (file) => byLength.findIndex((pattern) => pattern.test(file));
  const waiting = files.toSorted((a, b) => rankOf(a) - rankOf(b));
  const running = new Set();
  const idle = idleMeter();
  let settled = 0;
  while (waiting.length > 0) {
    const now = performance.now();
    const share = idle(now);
    const isMore = running.size >= LEAST;
    if (!isMore || (running.size < MOST && now >= settled && share >= IDLE_SHARE)) {
      const ended = Promise.resolve(work(waiting.shift())).finally(() => running.delete(ended));
      running.add(ended);
      settled = now + SETTLE_MS;
      continue;
    }
    await Promise.race([...running, sleep(LOOK_MS)]);
  }
  await Promise.all(running);
}

/** The same, never two at a time. */
export async function oneByOne(files, work) {
  for (const file of files) await work(file);
}

/**
 * Returns a function that tells which share of all cores was idle over the last second. What other systems on
 * the same hardware took counts as busy.
 */
function idleMeter() {
  const looks = [];
  return (now) => {
    const all = cpus();
    looks.push({ at: now, idle: all.reduce((sum, { times }) => sum + times.idle, 0) });
    while (looks.length > 2 && now - looks[1].at >= SETTLE_MS) looks.shift();
    const ms = now - looks[0].at;
    return ms < SETTLE_MS ? 0 : (looks.at(-1).idle - looks[0].idle) / (ms * all.length);
  };
}
