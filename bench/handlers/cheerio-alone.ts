// cheerio alone: the pages of the site are parsed as `$` of a handler parses them, and the title is read. No
// queue, no fetch. The pages are made before, and are not measured.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { type PageShape, pageWriter } from '../../test/support/site/pages.ts';
import { type Bench, runProgram, type Sample } from '../measure/measure.ts';

interface Measured {
  cpuSeconds: number;
  seconds: number;
}

export async function cheerioAlone({ pages }: Bench): Promise<Sample> {
  const program = fileURLToPath(import.meta.url);
  const { stdout, usage, ...ran } = await runProgram([program, String(pages)]);
  const { cpuSeconds, seconds } = JSON.parse(stdout) as Measured;
  return {
    ...{ pages, seconds, wallSeconds: ran.wallSeconds, busySeconds: ran.busySeconds, startSeconds: null },
    ...{ process: { ...usage, cpuSeconds }, server: null, redis: null },
  };
}

/** The program: prints the CPU and time that loading cheerio and parsing the pages took. */
function measure(pages: number): Measured {
  const shape: PageShape = { pages, linksPerPage: 20, bytes: 10_000 };
  const write = pageWriter(shape);
  const documents = Array.from({ length: pages }, (_, index) => write(index));
  const [before, since] = [process.cpuUsage(), performance.now()];
  const { load } = createRequire(import.meta.url)('cheerio/slim') as typeof import('cheerio/slim');
  let characters = 0;
  for (const html of documents) {
    const $ = load(html, { xml: { xmlMode: false, decodeEntities: true } });
    characters += $('title').text().length;
  }
  if (characters === 0) throw new Error('no page has a title: this measured nothing');
  const { user, system } = process.cpuUsage(before);
  return { cpuSeconds: (user + system) / 1e6, seconds: (performance.now() - since) / 1000 };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(JSON.stringify(measure(Number(process.argv[2]))));
