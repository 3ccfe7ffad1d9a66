// The reference: a bare loop of got over a list of pages, without queue, store or retries, as fast as got can
// fetch. Usage as a program: node bench/speed/got-loop.ts URL PAGES CONCURRENCY
import { once } from 'node:events';
import { Agent } from 'node:http';
import { fileURLToPath } from 'node:url';
import got from 'got';
import { type Bench, runProgram, type Sample, spanOf, watchServer } from '../measure/measure.ts';

/** Measures the loop as a program of its own. Throws an Error if pages are missing. */
export async function gotLoop({ site, pages, concurrency }: Bench): Promise<Sample> {
  const args = [fileURLToPath(import.meta.url), site.url, String(pages), String(concurrency)];
  const { result, server, log } = await watchServer(site, () => runProgram(args));
  const { first, seconds } = spanOf(log, pages);
  const { wallSeconds, busySeconds, usage, startedAt } = result;
  const startSeconds = (first - startedAt) / 1000;
  return { pages, seconds, wallSeconds, busySeconds, startSeconds, process: usage, server, redis: null };
}

async function loop(url: string, pages: number, concurrency: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency, maxFreeSockets: concurrency });
  const client = got.extend({ agent: { http: agent }, retry: { limit: 0 } });
  let next = 0;
  const work = async () => {
    while (next < pages) {
      const stream = client.stream(`${url}/p/${next++}`);
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
  const [url = '', pages, concurrency] = process.argv.slice(2);
  await loop(url, Number(pages), Number(concurrency));
}
