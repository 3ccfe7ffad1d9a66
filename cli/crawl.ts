// drover crawl: offers the seeds and consumes until the crawl ends, in one command.
import { checkFetchSources } from '../consumers/fetch/proxied-fetcher.ts';
import { enqueue } from '../producers/enqueue.ts';
import type { Settings } from '../src/config/settings.ts';
import { keptAddress } from '../src/config/store-address.ts';
import { checkLogin } from '../src/crawl/logged-out.ts';
import { againByCommand, checkAgain } from './command/begin-again.ts';
import { type ConsumerSession, openConsumerSession } from './command/consumer-session.ts';
import { nameOfSeeds } from './command/crawl-name.ts';
import { crawlToEnd } from './command/crawl-to-end.ts';
import { type ExportFile, reserveExport } from './command/output-file.ts';
import { startDemoSite } from './demo/site.ts';
import type { CrawlOptions } from './options.ts';
import { createScreen } from './terminal/screen.ts';
import { exitCodeOfCrawl } from './terminal/summary.ts';

/**
 * Resolves with the exit code. Throws a DroverError when it cannot begin or go on, and after the summary when
 * the file of -o could not be written, or not with all records.
 */
export async function run(args: string[], options: CrawlOptions): Promise<number> {
  checkAgain(args, options);
  const output = await reserveExport(options);
  return runWith(output, args, options).finally(output.release);
}

async function runWith(reserved: ExportFile, args: string[], options: CrawlOptions): Promise<number> {
  const session = await openConsumerSession(options.settings);
  const { settings } = session;
  const { again, crawl } = options;
  const isDemo = again === undefined && args.length + settings.sitemap.length === 0;
  const demo = isDemo ? await startDemoSite() : null;
  if (demo && options.settings.perHost === undefined) settings.perHost = 8;
  try {
    await checkFetchSources(settings);
    const screen = createScreen(process.stderr, { quiet: options.quiet });
    const name = crawl ?? (demo ? 'demo' : nameOfSeeds([...args, ...settings.sitemap]));
    const seeds = demo ? [demo.url] : args;
    const output = options.output === undefined ? null : reserved;
    const { failure, ...summary } = await crawlToEnd(session, screen, {
      ...{ output, flags: options.settings },
      begin: () =>
        again === undefined
          ? prepared(session, () => enqueue({ ...session, name, seeds }))
          : againByCommand(session, again, options, requireParts),
    });
    screen.end(summary);
    if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    if (failure) throw failure;
    return exitCodeOfCrawl(summary);
  } finally {
    await session.close();
    await demo?.close();
    process.stdin.destroy();
  }
}

/** What a crawl with these settings needs of this machine. */
async function requireParts(settings: Settings): Promise<void> {
  checkLogin(settings);
  if (settings.login !== null || settings.loginForm.length > 0)
    await (await import('../src/handlers/login/run-login.ts')).requireLogin(settings);
  if (settings.identity !== null) await (await import('./identity/find.ts')).requireIdentity(settings);
  if (settings.render || settings.renderWhen !== null)
    await (await import('./render/doctor-check.ts')).requireBrowser(settings);
}

/** That, and the store that the user named, are tried before anything begins. */
async function prepared<T>({ settings, stores }: ConsumerSession, begin: () => Promise<T>): Promise<T> {
  await requireParts(settings);
  if (settings.store !== null) await stores.at(keptAddress(settings.store)).prepare();
  return begin();
}
