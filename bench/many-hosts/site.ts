// The server of the many-hosts scenario: all hosts at one address and port, in a process of its own. It
// writes its log to a file.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer, Request } from '../../test/support/site/answers.ts';
import { rulesOf } from '../../test/support/site/behaviours.ts';
import { listen } from '../../test/support/site/server.ts';
import { hostNamed, htmlOf, pageOf, robotsOf, type Shape } from './hosts.ts';
import { logWriter } from './log.ts';

export interface SiteOptions extends Shape {
  /** The time before every answer. */
  latencyMs: number;
  /** The file for the log. */
  log: string;
}

export interface ManyHostsSite {
  readonly port: number;
  readonly pid: number;
  /** The number of pages that were served with 200. */
  pages(): Promise<number>;
  /** Resolves when the log is in its file. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the server, which ends with stop() or with this process. Throws an Error if it does not start. */
export async function startManyHosts(options: SiteOptions): Promise<ManyHostsSite> {
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(options)], { execArgv: [] });
  const [first] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (typeof first?.port !== 'number') throw new Error('the site did not start; see its error above');
  const ask = async (question: 'pages' | 'flush') => {
    child.send(question);
    const [answer] = await once(child, 'message');
    return answer as number;
  };
  return {
    port: first.port,
    pid: child.pid ?? 0,
    pages: () => ask('pages'),
    flush: async () => void (await ask('flush')),
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

const HTML = 'content-type: text/html; charset=utf-8\r\n';
const TEXT = 'content-type: text/plain; charset=utf-8\r\n';
const NOT_FOUND: Answer = { status: 404, headers: TEXT, body: 'There is nothing here.\n' };

/** The answer to a request by its host and path. */
function answersOf(shape: Shape, port: () => number): (request: Request) => Answer {
  return ({ host: name, path }) => {
    const host = hostNamed(name, shape.hosts);
    if (host === null) return NOT_FOUND;
    const robots = path === '/robots.txt' ? robotsOf(host, shape) : null;
    if (robots !== null) return { status: 200, headers: TEXT, body: robots };
    const page = pageOf(path, shape.pagesPerHost);
    if (page === null) return NOT_FOUND;
    return { status: 200, headers: HTML, body: htmlOf({ host, page }, shape, port()) };
  };
}

if (import.meta.main) {
  const { latencyMs, log, ...shape } = JSON.parse(process.argv[2] ?? '{}') as SiteOptions;
  const writer = logWriter(log, shape);
  let [port, pages] = [0, 0];
  const settings = {
    ...{ pages: 0, linksPerPage: 0, bytes: 0, robots: null, rules: rulesOf({}), latencyMs, punctual: true },
    answers: answersOf(shape, () => port),
  };
  port = await listen(settings, ['127.0.0.1'], 0, (entry) => {
    if (entry.status === 200 && entry.path !== '/robots.txt') pages++;
    writer.add(entry);
  });
  process.on('message', (question) => {
    if (question === 'flush') writer.flush();
    process.send?.(pages);
  });
  process.on('disconnect', () => process.exit());
  process.send?.({ port });
}
