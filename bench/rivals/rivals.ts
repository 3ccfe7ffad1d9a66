// The rivals: other crawlers, and the loops that people write with an HTTP library. Each is a program of its
// own in programs/, which shows how it is configured.
import { createRequire } from 'node:module';
import { CannotBeHad, npmPackage, programIn, programPath, pythonModule } from './install.ts';

/** One run of a rival. */
export interface RivalJob {
  /** The root of the site. */
  url: string;
  /** A file with the URL of each page; for rivals that follow no links. */
  list: string;
  concurrency: number;
  /** The file that gets one line for each page. */
  output: string;
}

export interface ReadyRival {
  version: string;
  command(job: RivalJob): string[];
}

export interface Rival {
  name: string;
  title: string;
  /** Whether it finds the pages by their links; otherwise it gets a list of them. */
  isFollowing: boolean;
  /** Which state survives the end of its process. */
  keeps: string;
  /** Installs it if need be. Throws CannotBeHad. */
  prepare(): Promise<ReadyRival>;
}

export const CRAWLEE_VERSION = '3.18.1';
/** The newest version that was published with its binaries. */
const SPIDER_VERSION = '0.0.157';

export const rivals: readonly Rival[] = [
  {
    name: 'scrapy',
    title: 'Scrapy',
    isFollowing: true,
    keeps: 'nothing',
    prepare: () => scrapy(() => []),
  },
  {
    name: 'scrapy-jobdir',
    title: 'Scrapy with JOBDIR',
    isFollowing: true,
    keeps: 'its queue, if stopped in good order',
    prepare: () => scrapy(({ output }) => [`${output}.jobdir`]),
  },
  {
    name: 'crawlee',
    title: 'Crawlee (Cheerio)',
    isFollowing: true,
    keeps: 'its queue in files, not synced',
    prepare: () => crawlee('files'),
  },
  {
    name: 'crawlee-memory',
    title: 'Crawlee (Cheerio), in memory',
    isFollowing: true,
    keeps: 'nothing',
    prepare: () => crawlee('memory'),
  },
  {
    name: 'spider',
    title: 'spider-rs for Node, pages thrown away',
    isFollowing: true,
    keeps: 'nothing',
    async prepare() {
      const folder = await npmPackage('@spider-rs/spider-rs', SPIDER_VERSION);
      const program = await programIn(folder, 'spider.mjs');
      mustLoad(folder, '@spider-rs/spider-rs');
      return {
        version: SPIDER_VERSION,
        command: ({ url, output }) => [process.execPath, program, url, output],
      };
    },
  },
  {
    name: 'httpx',
    title: 'asyncio with httpx',
    isFollowing: false,
    keeps: 'nothing',
    prepare: () => listed('httpx', 'httpx_list.py'),
  },
  {
    name: 'requests',
    title: 'threads with requests',
    isFollowing: false,
    keeps: 'nothing',
    prepare: () => listed('requests', 'requests_list.py'),
  },
];

async function scrapy(more: (job: RivalJob) => string[]): Promise<ReadyRival> {
  const { path, version } = await pythonModule('scrapy');
  const program = programPath('scrapy_pages.py');
  return {
    version,
    command: (job) => [path, program, job.url, String(job.concurrency), job.output, ...more(job)],
  };
}

async function crawlee(kept: 'files' | 'memory'): Promise<ReadyRival> {
  const program = await programIn(await npmPackage('@crawlee/cheerio', CRAWLEE_VERSION), 'crawlee.mjs');
  return {
    version: CRAWLEE_VERSION,
    command: ({ url, concurrency, output }) => [
      ...[process.execPath, program, url, String(concurrency), output, kept],
    ],
  };
}

async function listed(module: string, name: string): Promise<ReadyRival> {
  const { path, version } = await pythonModule(module);
  const program = programPath(name);
  return {
    version,
    command: ({ list, concurrency, output }) => [path, program, list, String(concurrency), output],
  };
}

/** A package with a binary may be installed and have none for this machine. */
function mustLoad(folder: string, name: string): void {
  try {
    createRequire(`${folder}/`)(name);
  } catch (error) {
    throw new CannotBeHad(`${name} does not load here: ${error instanceof Error ? error.message : error}`);
  }
}
