// The commands and their options, with help texts for a newcomer.
import type { Command } from 'commander';
import { addChanges } from './changes/command.ts';
import { OWN_COMMAND, readVersion } from './command/own-command.ts';
import { EVERY_COMMAND } from './command/setting-flags.ts';
import { addProgram, lazyProgram } from './command/typed-options.ts';
import { addDead } from './dead/commands.ts';
import { addHosts } from './hosts/commands.ts';
import { addIdentity } from './identity/commands.ts';
import { addNew } from './new/command.ts';
import {
  archiveOptions,
  asJson,
  benchmarks,
  compareOptions,
  crawlOptions,
  doctorOptions,
  enqueueOptions,
  explainOptions,
  forgetOptions,
  itemsOptions,
  purgeCrawlsOptions,
  reportOptions,
  resultsOptions,
  serveOptions,
  shownOptions,
  tryOptions,
} from './options.ts';
import { addConsumerProcess } from './processes/command.ts';
import { addProxies } from './proxies/command.ts';
import { addSchedules } from './schedule/commands.ts';
import { addSteerers } from './steer/commands.ts';
import { inOwnWords } from './terminal/own-hints.ts';

/** Makes the whole command line. For usage errors commander prints a message and throws a CommanderError. */
export function crawlCommand(): Command {
  const program = lazyProgram('drover')
    .description(
      'A durable crawler: every URL ends as a record or as a dead letter that says why, even when processes are killed.',
    )
    .version(readVersion(), '-V, --version')
    .exitOverride()
    .addHelpText('after', inOwnWords(examples));
  addCrawl(program);
  addEnqueue(program);
  addConsume(program);
  addConsumerProcess(program);
  addServe(program);
  addLookers(program);
  addChanges(program);
  addDead(program);
  addProgram(
    program.command('doctor').summary('check that this set-up works'),
    { own: doctorOptions, settings: EVERY_COMMAND },
    () => import('./doctor.ts'),
  );
  for (const add of [addHosts, addProxies, addSchedules, addIdentity, addNew]) add(program);
  addCleaners(program);
  addSteerers(program);
  addProgram(
    program
      .command('compare')
      .summary('measure whether a handler belongs on the event loop or on threads')
      .description(
        'Runs the same URLs and the same handler on the event loop, on threads, and with fetches on the event loop and the handler on threads (hybrid), with various numbers of requests at once. Prints what was measured and recommends one. Nothing is stored and no Redis is needed, but your handler runs many times: what it does elsewhere, it does each time.',
      ),
    { own: compareOptions, settings: ['crawl', 'consumer', ...EVERY_COMMAND] },
    () => import('./compare/compare.ts'),
  );
  addProgram(
    program
      .command('bench')
      .summary(`measure ${anyOf(benchmarks)} on this machine (from a checkout)`)
      .argument(
        '[what...]',
        `${anyOf(benchmarks.with(0, `${benchmarks[0]} (the default)`))}, and its options: --help lists them`,
      )
      .helpOption(false)
      .allowUnknownOption(),
    { own: {}, settings: [] },
    () => import('./bench.ts'),
  );
  addHelp(program);
  pointToHelp(program, 'help');
  return program;
}

/** After a usage error, each command names the help of its own. `help`: the words that show it. */
function pointToHelp(command: Command, help: string): void {
  const { commands } = command;
  const shows = commands.length > 0 ? 'lists the commands' : 'shows its options';
  command.showHelpAfterError(`(${OWN_COMMAND} ${help} ${shows})`);
  for (const one of commands) pointToHelp(one, `${help} ${one.name()}`);
}

const seedsHelp = 'URLs, files with one URL or JSON request a line, or - for standard input';

const examples = `
Examples:
  drover crawl https://example.com/ -o pages.jsonl     crawl a site; run it again to continue after an interruption
  drover crawl urls.txt -o pages.jsonl                 fetch a list of URLs as they are; --depth follows their links
  drover enqueue urls.txt --crawl shop                 add a list to the queue
  drover consume                                       fetch what is in the queue; run as many as you like
  drover dead summary shop                             what failed and why; see also dead list, dead show and dead replay
  drover explain https://example.com/x                 why this URL was fetched or not
  drover new shop                                      a project to begin with: handlers, a test, settings
  drover pause shop                                    pause a crawl; see also resume and cancel

Exit codes: 0 all recorded, 1 ended with dead letters or cancelled, 2 usage or bad input lines, 3 Redis or disk not usable, 130 interrupted.`;

/** commander's own help command knows no commands of commands: help dead list. */
function addHelp(program: Command): void {
  program
    .helpCommand(false)
    .command('help')
    .summary('show the help of a command')
    .argument('[command...]', 'its name, such as dead list')
    .action((names: string[]) => {
      let found = program;
      for (const name of names) {
        const next = found.commands.find((command) => command.name() === name);
        if (!next) return found.error(`error: unknown command '${names.join(' ')}'`);
        found = next;
      }
      found.help();
    });
}

function addCrawl(program: Command): void {
  addProgram(
    program
      .command('crawl')
      .summary('crawl from seeds until everything is fetched')
      .description(
        'Offers the seeds and fetches until the crawl ends. Run again, it continues where it stopped. With --again NAME, a crawl that has ended is crawled once more, without its seeds. Without seeds, it crawls a demonstration site.',
      )
      .argument('[seeds...]', seedsHelp),
    { own: crawlOptions, settings: ['crawl', 'runner', 'consumer', ...EVERY_COMMAND], last: shownOptions },
    () => import('./crawl.ts'),
  );
}

function addEnqueue(program: Command): void {
  addProgram(
    program
      .command('enqueue')
      .summary('add seeds to a crawl and return')
      .description('Offers the seeds to a crawl durably and returns. Consumers fetch them.')
      .argument('[seeds...]', seedsHelp),
    { own: enqueueOptions, settings: ['crawl', ...EVERY_COMMAND], last: shownOptions },
    () => import('./enqueue.ts'),
  );
}

function addConsume(program: Command): void {
  addProgram(
    program
      .command('consume')
      .summary('fetch what is in the queue until stopped')
      .description('Runs a consumer, or several, until stopped by Ctrl-C or SIGTERM.'),
    { own: {}, settings: ['runner', 'consumer', ...EVERY_COMMAND], last: shownOptions },
    () => import('./consume.ts'),
  );
}

function addServe(program: Command): void {
  addProgram(
    program
      .command('serve')
      .summary('run the HTTP API and the dashboard')
      .description(
        'Serves the API and the dashboard until stopped, with consumers beside it. Settings of crawls are defaults for crawls that begin through the API.',
      ),
    { own: serveOptions, settings: ['crawl', 'runner', 'consumer', 'api', ...EVERY_COMMAND] },
    () => import('./serve.ts'),
  );
}

function addLookers(program: Command): void {
  addProgram(
    program
      .command('status')
      .summary('show the state of the crawls')
      .argument('[crawl]', 'name or id of one crawl'),
    { own: asJson, settings: EVERY_COMMAND },
    () => import('./status.ts'),
  );
  addProgram(
    program
      .command('results')
      .summary('print the records of a crawl, one JSON line each')
      .argument('<crawl>', 'name or id'),
    { own: resultsOptions, settings: EVERY_COMMAND },
    () => import('./results.ts'),
  );
  addProgram(
    program
      .command('items')
      .summary('print what handlers emitted for the pages of a crawl, one JSON line each')
      .argument('<crawl>', 'name or id'),
    { own: itemsOptions, settings: EVERY_COMMAND },
    () => import('./items.ts'),
  );
  addProgram(
    program
      .command('archive')
      .summary('pack the WARC files of a crawl into one WACZ that can be replayed')
      .description(
        'Packs what a crawl with --warc has archived, with an index and a list of its pages, into one file for ReplayWeb.page and other readers. The WARC files stay.',
      )
      .argument('<crawl>', 'name or id'),
    { own: archiveOptions, settings: EVERY_COMMAND },
    () => import('./archive/archive.ts'),
  );
  addProgram(
    program
      .command('report')
      .summary('report what is wrong with a crawled site: broken links, redirects, duplicates, orphans, …')
      .argument('<crawl>', 'name or id'),
    { own: reportOptions, settings: EVERY_COMMAND },
    () => import('./report/report.ts'),
  );
  addProgram(
    program
      .command('try')
      .summary('run a handler on one page and print what it would emit and enqueue')
      .description(
        'Fetches one page, as robots.txt allows, and runs the handler that takes it. Changes nothing: no crawl is begun, nothing is stored, and no Redis is needed.',
      )
      .argument('<url>', 'the URL of the page'),
    { own: tryOptions, settings: ['crawl', 'consumer', ...EVERY_COMMAND] },
    () => import('./try.ts'),
  );
  addProgram(
    program
      .command('explain')
      .summary('explain why a URL was fetched or not')
      .description(
        'Prints every decision about a URL, whether or not it was ever offered: scope, robots.txt, limits of its host, where it is, its attempts, its record. Reads only Redis and the records on disk. With --timing it also sends one request, as robots.txt and the limits of the host allow, and draws its phases beside their limits; that needs no Redis and no crawl.',
      )
      .argument('<url>', 'the URL, in any spelling'),
    { own: explainOptions, settings: ['crawl', 'consumer', ...EVERY_COMMAND] },
    () => import('./explain.ts'),
  );
}

function addCleaners(program: Command): void {
  addProgram(
    program
      .command('forget')
      .summary('remove what ended crawls keep in Redis')
      .description(
        'Removes the seen set, the counters, the settings and the dead letters of crawls that have ended; dead letters are exported first. Records on disk stay, unless --records is given. A crawl that has not ended must be cancelled first.',
      )
      .argument('<crawl...>', 'names or ids'),
    { own: forgetOptions, settings: EVERY_COMMAND },
    () => import('./forget.ts'),
  );
  addProgram(
    program
      .command('purge')
      .summary('delete old crawls with their records, or bodies of records')
      .description(
        'Shows which crawls, how many records and how much space would go, and asks. With --older-than and --keep, a crawl goes when both say so. Dead letters are exported first. A purge that was cut off goes on when it is given again.',
      ),
    { own: purgeCrawlsOptions, settings: EVERY_COMMAND },
    () => import('./purge/purge.ts'),
  );
}

/** 'a, b or c' */
function anyOf(names: readonly string[]): string {
  return `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
}
