// How a process shares its fetches over the shards that it serves: each gets what it has jobs for, and what
// one does not use, others do.

/** Shares follow the jobs within this time. */
const SHARE_MS = 100;

export interface Shares {
  /** How many fetches of this process are for the shard now; 0 for one that it does not serve. */
  of(shard: number): number;
  /** To be called when the shares have changed. */
  onChange: () => void;
  stop(): void;
}

/** What a shard has for this process: jobs in hand here, and jobs that wait in its queue for any process. */
export type JobsOf = (shard: number) => number;

/**
 * `concurrency`: how many fetches may be in flight here. `served`: the shards. With one, it has all of them,
 * always.
 */
export function createShares(concurrency: number, served: readonly number[], jobsOf: JobsOf): Shares {
  let shares = new Map(served.map((shard) => [shard, Math.ceil(concurrency / served.length)]));
  const shareAnew = () => {
    const wanted = served.map((shard) => 2 * jobsOf(shard));
    const next = divide(concurrency, wanted);
    const isSame = served.every((shard, at) => shares.get(shard) === next[at]);
    shares = new Map(served.map((shard, at) => [shard, next[at] as number]));
    if (!isSame) self.onChange();
  };
  const timer = served.length > 1 ? setInterval(shareAnew, SHARE_MS) : undefined;
  const self: Shares = {
    of: (shard) => shares.get(shard) ?? 0,
    onChange: () => undefined,
    stop: () => clearInterval(timer),
  };
  return self;
}

/**
 * Shares out `whole` among those who want so many each: equal parts, of which nobody gets more than it wants
 * while another wants more. What nobody wants is shared out too. Each gets at least 1, even if that is more
 * than `whole` in all: else the many that want nothing would leave little to one that wants all.
 */
export function divide(whole: number, wanted: readonly number[]): number[] {
  const shares = wanted.map(() => 0);
  const order = wanted.map((_, at) => at).sort((a, b) => (wanted[a] as number) - (wanted[b] as number));
  let left = whole;
  for (const [rank, at] of order.entries()) {
    shares[at] = Math.min(wanted[at] as number, Math.floor(left / (order.length - rank)));
    left -= shares[at] as number;
  }
  const more = Math.floor(left / order.length);
  return shares.map((share) => Math.max(1, share + more));
}
