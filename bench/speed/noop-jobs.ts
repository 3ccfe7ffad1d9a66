// Measures BullMQ alone: one worker runs jobs that do nothing, one for each page, with the options that
// drover uses. Usage as a program: node bench/speed/noop-jobs.ts add|work REDIS JOBS CONCURRENCY
import { fileURLToPath } from 'node:url';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { type Bench, runProgram, type Sample } from '../measure/measure.ts';
import { watchRedis } from '../measure/redis-use.ts';

const NAME = 'requests';
const PREFIX = '{bench}';

/** Adds the jobs and then measures how the worker runs them. */
export async function noopJobs({ pages, concurrency }: Bench): Promise<Sample> {
  const file = fileURLToPath(import.meta.url);
  const program = (verb: string, url: string) =>
    runProgram([file, verb, url, String(pages), String(concurrency)]);
  const { result, redis } = await watchRedis(
    ({ url }) => program('work', url),
    ({ url }) => program('add', url),
  );
  const { wallSeconds, busySeconds, usage } = result;
  const { seconds } = JSON.parse(result.stdout);
  return {
    pages,
    seconds,
    wallSeconds,
    busySeconds,
    startSeconds: null,
    process: usage,
    server: null,
    redis,
  };
}

async function add(connection: Redis, jobs: number): Promise<void> {
  const queue = new Queue<string>(NAME, { connection, prefix: PREFIX, streams: { events: { maxLen: 100 } } });
  for (let first = 0; first < jobs; first += 500) {
    const numbers = Array.from({ length: Math.min(500, jobs - first) }, (_, k) => first + k);
    await queue.addBulk(
      numbers.map((n) => ({ name: 'fetch', data: `http://127.0.0.1/p/${n}`, opts: { jobId: `c1-${n}` } })),
    );
  }
  await queue.close();
}

/** Runs all jobs. Returns the seconds from the start of the first job to the end of the last. */
async function work(connection: Redis, jobs: number, concurrency: number): Promise<number> {
  const all = Promise.withResolvers<void>();
  let done = 0;
  let started = 0;
  const processor = async () => {
    started ||= performance.now();
    if (++done === jobs) all.resolve();
  };
  const worker = new Worker<string>(NAME, processor, {
    ...{ connection, prefix: PREFIX, concurrency },
    removeOnComplete: { count: 0 },
  });
  worker.on('error', all.reject);
  await all.promise;
  const seconds = (performance.now() - started) / 1000;
  await worker.close();
  return seconds;
}

if (import.meta.main) {
  const [verb, url = '', jobs, concurrency] = process.argv.slice(2);
  const connection = new Redis({ path: url.replace('unix:', ''), maxRetriesPerRequest: null });
  if (verb === 'add') await add(connection, Number(jobs));
  else console.log(JSON.stringify({ seconds: await work(connection, Number(jobs), Number(concurrency)) }));
  connection.disconnect();
}
