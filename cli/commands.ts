// The commands and their options, with help texts for a newcomer.
import { Command } from 'commander';
import { addSettings, apiNames, consumerNames, crawlNames, placeNames } from './command/options.ts';
import { readVersion } from './command/version.ts';
import { addDead } from './dead/commands.ts';
import { addHosts } from './hosts/commands.ts';

type Run = (args: string[], options: Record<string, unknown>) => Promise<number>;

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
  addHosts(program, (command) => addSettings(command.option('--json', 'as JSON'), placeNames), run);
  addSteerers(program);
  run(
    program
      .command('bench')
      .summary('measure speed, frontier or politeness on this machine (from a checkout)')
      .argument(
        '[what...]',
        'speed (the default), frontier or politeness, and its options: --help lists them',
      )
      .helpOption(false)
      .allowUnknownOption(),
    () => import('./bench.ts'),
  );
  return program;
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
  const command = program
    .command('crawl')
    .summary('crawl from these seeds until all is fetched')
    .description(
      'Offers the seeds and fetches until the crawl ends. Run again, it goes on where it stopped. Without seeds: a demonstration.',
    )
    .argument('[seeds...]', 'URLs, files with one URL or JSON request a line, or - for standard input')
    .option('--crawl <name>', 'name of the crawl; else made from the seeds')
    .option('-o, --output <file>', 'write the records there, one JSON line each, when the crawl has ended');
  run(
    shown(addSettings(command, [...crawlNames, ...consumerNames, ...placeNames])),
    () => import('./crawl.ts'),
  );
}

function addEnqueue(program: Command): void {
  const command = program
    .command('enqueue')
    .summary('put seeds into the queue and return')
    .description('Offers the seeds to a crawl, durably, and returns. Consumers fetch them.')
    .argument('[seeds...]', 'URLs, files with one URL or JSON request a line, or - for standard input')
    .option('--crawl <name>', 'name of the crawl; else made from the seeds');
  run(shown(addSettings(command, [...crawlNames, ...placeNames])), () => import('./enqueue.ts'));
}

function addConsume(program: Command): void {
  const command = program
    .command('consume')
    .summary('fetch what is in the queue, until stopped')
    .description('Runs a consumer, or several, until stopped by Ctrl-C or SIGTERM.')
    .option('--processes <n>', 'consumer processes to run', '1');
  run(shown(addSettings(command, [...consumerNames, ...placeNames])), () => import('./consume.ts'));
}

function addServe(program: Command): void {
  const command = program
    .command('serve')
    .summary('the HTTP API and the dashboard')
    .description(
      'Serves the API and the dashboard until stopped, with consumers beside it. Settings of crawls are what crawls begun over the API have unless they say otherwise.',
    )
    .option('--processes <n>', 'consumer processes to run beside it; 0: none', '1')
    .option('--quiet', 'print nothing but errors')
    .option('-v, --verbose', 'write more to the log');
  const names = [...crawlNames, ...consumerNames, ...apiNames, ...placeNames];
  run(addSettings(command, names), () => import('./serve.ts'));
}

function addLookers(program: Command): void {
  const look = (command: Command) => addSettings(command.option('--json', 'as JSON'), placeNames);
  run(
    look(
      program
        .command('status')
        .summary('how the crawls stand')
        .argument('[crawl]', 'name or id of one crawl'),
    ),
    () => import('./status.ts'),
  );
  run(
    look(
      program
        .command('results')
        .summary('the records of a crawl, one JSON line each')
        .argument('<crawl>', 'name or id')
        .option('-o, --output <file>', 'write them there instead of standard output'),
    ),
    () => import('./results.ts'),
  );
  run(
    look(
      program
        .command('explain')
        .summary('why a URL was fetched, or was not')
        .description(
          'Every decision about a URL, whether or not it was ever offered: scope, robots.txt, limits of its host, where it is, its attempts, its record. Asks nobody but Redis and the records on disk.',
        )
        .argument('<url>', 'the URL, in any spelling')
        .option('--crawl <name>', 'in this crawl, by name or id; else in the newest that knows the URL'),
    ),
    () => import('./explain.ts'),
  );
  addDead(program, look, run);
  run(look(program.command('doctor').summary('is this set-up sound?')), () => import('./doctor.ts'));
}

function addSteerers(program: Command): void {
  const steer = (name: string, summary: string, description: string, load: () => Promise<{ run: Run }>) => {
    const command = program.command(name).summary(summary).description(description);
    const named = command.argument('<crawl>', 'name or id').option('--json', 'as JSON');
    run(addSettings(named, placeNames), load);
  };
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

function shown(command: Command): Command {
  return command
    .option('--quiet', 'print nothing but errors')
    .option('--json', 'print the summary as one JSON line on standard output')
    .option('-v, --verbose', 'write more to the log');
}

function run(command: Command, load: () => Promise<{ run: Run }>): void {
  command.action(async () => {
    const options = command.opts();
    if (options.verbose && options.logLevel === undefined) options.logLevel = 'debug';
    const { run } = await load();
    process.exitCode = await run(command.args, options);
  });
}
