// Keeps V8 from putting off its collections. Left to itself it lets the space for young objects grow to
// 100 MB under the short-lived strings of a crawl, and the old space to four times what is in use.
import v8 from 'node:v8';
import { environmentWith } from '../config/read.ts';

const LOOK_MS = 50;
/** A little less than two semi-spaces of 16 MB, which is the last step but one. */
const ENOUGH_BYTES = 30 * 1024 * 1024;
/** By how many percent of what is in use the old space may grow until it is collected. */
const OLD_GROWTH_PERCENT = 50;

/**
 * From now on, the young space stops growing once it is large enough, and the old space is collected sooner.
 * What the user has said to Node about the one or the other stays.
 */
export function boundHeapGrowth(): void {
  const given = `${process.execArgv.join(' ')} ${environmentWith({}).NODE_OPTIONS ?? ''}`;
  if (!/heap[-_]growing/.test(given)) v8.setFlagsFromString(`--heap-growing-percent=${OLD_GROWTH_PERCENT}`);
  if (!/semi[-_]space/.test(given)) boundYoungSpace();
}

function boundYoungSpace(): void {
  const timer = setInterval(() => {
    const young = v8.getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space');
    if ((young?.space_size ?? 0) < ENOUGH_BYTES) return;
    // V8 reads --max-semi-space-size only when the process starts, but this flag at each growth.
    v8.setFlagsFromString('--semi-space-growth-factor=1');
    clearInterval(timer);
  }, LOOK_MS);
  timer.unref();
}
