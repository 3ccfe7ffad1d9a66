// The job workers of a process, one for each shard that it serves.
import type { RequestQueue } from '../../src/queue/queue.ts';
import type { Redis } from '../../src/redis.ts';
import type { ConsumerContext, Traces } from '../context.ts';
import { JobWorker } from '../job-worker.ts';
import type { Shares } from './shares.ts';

interface ShardWorkersParts {
  contexts: readonly ConsumerContext[];
  /** Those of all shards. */
  queues: readonly RequestQueue[];
  connect: (shard: number) => Redis;
  shares: Shares;
  traces: Traces | null;
  lockDurationMs: number;
}

export class ShardWorkers {
  readonly all: readonly { context: ConsumerContext; worker: JobWorker }[];
  readonly #shares: Shares;

  /** They take jobs from now on. */
  constructor({ contexts, queues, connect, shares, ...rest }: ShardWorkersParts) {
    this.#shares = shares;
    this.all = contexts.map((context) => {
      const { shard } = context.fleet;
      const own = { context, queue: queues[shard] as RequestQueue, connect: () => connect(shard) };
      const concurrency = () => shares.of(shard);
      return { context, worker: new JobWorker({ ...rest, ...own, concurrency, shared: contexts.length }) };
    });
    shares.onChange = () => {
      for (const { worker } of this.all) worker.takeMost();
    };
  }

  /** How many jobs a shard has for this process: in hand here, and waiting in its queue. */
  jobsOf(shard: number): number {
    const own = this.all.find(({ context }) => context.fleet.shard === shard);
    return own ? own.worker.inHand() + own.context.dispatcher.waiting() : 0;
  }

  /** How many jobs they have in hand. */
  inHand(): number {
    return this.all.reduce((sum, { worker }) => sum + worker.inHand(), 0);
  }

  /** How many jobs they have taken. */
  taken = (): number => this.all.reduce((sum, { worker }) => sum + worker.taken, 0);

  async stop(graceMs: number): Promise<void> {
    this.#shares.stop();
    await Promise.all(this.all.map(({ worker }) => worker.stop(graceMs)));
  }
}
