// The commands and their options, with help texts for a newcomer.
import { Command } from 'commander';
import { readVersion } from './command/own-command.ts';
import { EVERY_COMMAND } from './command/setting-flags.ts';
import { addProgram } from './command/typed-options.ts';
import { addDead } from './dead/commands.ts';
import { addHosts } from './hosts/commands.ts';
import {
  asJson,
  consumeOptions,
  crawlOptions,
  enqueueOptions,
  explainOptions,
  type LookOptions,
  resultsOptions,
  serveOptions,
  shownOptions,
} from './options.ts';

/** The whole command line. Usage errors throw CommanderError after commander has printed them. */
export function crawlCommand(): Command {
  const program = new Command('drover')
    .description(
      'A durable crawler: every URL ends as a record or as a dead letter that says why, whatever is killed.',
    )
    .version(readVersion(), '-V, --version')
    .exitOverride()
    .showHelpAfterError('(drover help lists the commands)')
    .addHelpText('after', examples);
  addCrawl(program);
  addEnqueue(program);
  addConsume(program);
  addServe(program);
  addLookers(program);
  addDead(program);
  addProgram(
    program.command('doctor').summary('is this set-up sound?'),
    { own: asJson, settings: EVERY_COMMAND },
    () => import('./doctor.ts'),
  );
  addHosts(program);
  addSteerers(program);
  addProgram(
    program
      .command('bench')
      .summary('measure speed, frontier or politeness on this machine (from a checkout)')
      .argument(
        '[what...]',
        'speed (the default), frontier or politeness, and its options: --help lists them',
      )
      .helpOption(false)
      .allowUnknownOption(),
    { own: {}, settings: [] },
    () => import('./bench.ts'),
  );
  return program;
}

const seedsHelp = 'URLs, files with one URL or JSON request a line, or - for standard input';

interface Steerer {
  run(args: string[], options: LookOptions): Promise<number>;
}

const examples = `
Examples:
  drover crawl https://example.com/ -o pages.jsonl     crawl a site; run it again to go on after an interruption
  drover crawl urls.txt --depth 0 -o pages.jsonl       fetch a list of URLs
  drover enqueue urls.txt --crawl shop                 put a list into the queue, and
  drover consume                                       fetch it, with as many of these as you like
  drover dead summary shop                             what failed, and why; see also drover dead list, show and replay
  drover explain https://example.com/x                 why this was fetched, or was not
  drover pause shop                                    and drover resume shop, or drover cancel shop

Exit codes: 0 all recorded, 1 ended with dead letters or cancelled, 2 usage or bad input lines, 3 Redis or disk not usable, 130 interrupted.`;

function addCrawl(program: Command): void {
  addProgram(
    program
      .command('crawl')
      .summary('crawl from these seeds until all is fetched')
      .description(
        'Offers the seeds and fetches until the crawl ends. Run again, it goes on where it stopped. Without seeds: a demonstration.',
      )
      .argument('[seeds...]', seedsHelp),
    { own: crawlOptions, settings: ['crawl', 'consumer', ...EVERY_COMMAND], last: shownOptions },
    () => import('./crawl.ts'),
  );
}

function addEnqueue(program: Command): void {
  addProgram(
    program
      .command('enqueue')
      .summary('put seeds into the queue and return')
      .description('Offers the seeds to a crawl, durably, and returns. Consumers fetch them.')
      .argument('[seeds...]', seedsHelp),
    { own: enqueueOptions, settings: ['crawl', ...EVERY_COMMAND], last: shownOptions },
    () => import('./enqueue.ts'),
  );
}

function addConsume(program: Command): void {
  addProgram(
    program
      .command('consume')
      .summary('fetch what is in the queue, until stopped')
      .description('Runs a consumer, or several, until stopped by Ctrl-C or SIGTERM.'),
    { own: consumeOptions, settings: ['consumer', ...EVERY_COMMAND], last: shownOptions },
    () => import('./consume.ts'),
  );
}

function addServe(program: Command): void {
  addProgram(
    program
      .command('serve')
      .summary('the HTTP API and the dashboard')
      .description(
        'Serves the API and the dashboard until stopped, with consumers beside it. Settings of crawls are what crawls begun over the API have unless they say otherwise.',
      ),
    { own: serveOptions, settings: ['crawl', 'consumer', 'api', ...EVERY_COMMAND] },
    () => import('./serve.ts'),
  );
}

function addLookers(program: Command): void {
  addProgram(
    program.command('status').summary('how the crawls stand').argument('[crawl]', 'name or id of one crawl'),
    { own: asJson, settings: EVERY_COMMAND },
    () => import('./status.ts'),
  );
  addProgram(
    program
      .command('results')
      .summary('the records of a crawl, one JSON line each')
      .argument('<crawl>', 'name or id'),
    { own: resultsOptions, settings: EVERY_COMMAND },
    () => import('./results.ts'),
  );
  addProgram(
    program
      .command('explain')
      .summary('why a URL was fetched, or was not')
      .description(
        'Every decision about a URL, whether or not it was ever offered: scope, robots.txt, limits of its host, where it is, its attempts, its record. Asks nobody but Redis and the records on disk.',
      )
      .argument('<url>', 'the URL, in any spelling'),
    { own: explainOptions, settings: EVERY_COMMAND },
    () => import('./explain.ts'),
  );
}

function addSteerers(program: Command): void {
  const steer = (name: string, summary: string, description: string, load: () => Promise<Steerer>) =>
    addProgram(
      program.command(name).summary(summary).description(description).argument('<crawl>', 'name or id'),
      { own: asJson, settings: EVERY_COMMAND },
      load,
    );
  steer(
    'pause',
    'begin nothing more of a crawl, for now',
    'What is in flight ends, and nothing else of the crawl begins until it is resumed. Seeds can still be offered to it.',
    () => import('./pause.ts'),
  );
  steer(
    'resume',
    'go on with a paused crawl',
    'Consumers fetch what a paused crawl has waiting.',
    () => import('./resume.ts'),
  );
  steer(
    'cancel',
    'end a crawl where it is',
    'What is in flight ends, what waits is dropped and never fetched; records, counters and dead letters stay. It cannot be undone.',
    () => import('./cancel.ts'),
  );
}
