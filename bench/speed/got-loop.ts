// The reference: a bare loop of got over a list of pages, without queue, store or retries, as fast as got can
// fetch. Usage as a program: node bench/speed/got-loop.ts URL PAGES CONCURRENCY LOOPS NUMBER
import { once } from 'node:events';
import { Agent } from 'node:http';
import { fileURLToPath } from 'node:url';
import got from 'got';
import { type Bench, type Ran, runProgram, type Sample, spanOf, watchServer } from '../measure/measure.ts';

/** Measures the loop as a program, or several that share the pages. Throws an Error if pages are missing. */
export async function gotLoop({ site, pages, concurrency, processes = 1 }: Bench): Promise<Sample> {
  const loops = processes === 'auto' ? 1 : processes;
  const args = [fileURLToPath(import.meta.url), site.url, pages, concurrency, loops].map(String);
  const { result, server, log } = await watchServer(site, () =>
    Promise.all(Array.from({ length: loops }, (_, first) => runProgram([...args, String(first)]))),
  );
  const { first, seconds } = spanOf(log, pages);
  const startedAt = Math.min(...result.map((each) => each.startedAt));
  const sum = (figure: (ran: Ran) => number) => result.reduce((all, ran) => all + figure(ran), 0);
  return {
    ...{ pages, seconds, startSeconds: (first - startedAt) / 1000 },
    wallSeconds: Math.max(...result.map(({ wallSeconds }) => wallSeconds)),
    busySeconds: Math.max(...result.map(({ busySeconds }) => busySeconds)),
    process: {
      cpuSeconds: sum(({ usage }) => usage.cpuSeconds),
      peakBytes: sum(({ usage }) => usage.peakBytes),
    },
    ...{ server, redis: null },
  };
}

/** Of `loops`, the one of this number fetches each page whose number has this remainder. */
async function loop(
  url: string,
  [pages = 0, concurrency = 1, loops = 1, first = 0]: number[],
): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency, maxFreeSockets: concurrency });
  const client = got.extend({ agent: { http: agent }, retry: { limit: 0 } });
  let next = first;
  const work = async () => {
    while (next < pages) {
      const stream = client.stream(`${url}/p/${next}`);
      next += loops;
      const pieces: Uint8Array[] = [];
      stream.on('data', (piece: Uint8Array) => pieces.push(piece));
      await once(stream, 'end');
      Buffer.concat(pieces);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  agent.destroy();
}

if (import.meta.main) {
  const [url = '', ...numbers] = process.argv.slice(2);
  await loop(url, numbers.map(Number));
}
