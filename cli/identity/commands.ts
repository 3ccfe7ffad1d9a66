// The command drover identity … with its subcommands: who the crawler is, and how servers can know it.
import type { Command } from 'commander';
import { OWN_COMMAND } from '../command/own-command.ts';
import { EVERY_COMMAND as settings } from '../command/setting-flags.ts';
import { addProgram } from '../command/typed-options.ts';
import { checkOptions, initOptions, serveIdentityOptions, showOptions } from './options.ts';

/** Adds the command and its subcommands. */
export function addIdentity(program: Command): void {
  const identity = program
    .command('identity')
    .summary('sign requests so that servers know who crawls: init, show, serve and check')
    .description(
      'A key and the directory in which servers find it (Web Bot Auth, docs/network/IDENTITY.md). Crawls with --identity sign every https request with it. Without a subcommand, shows the identity.',
    );
  addProgram(
    identity
      .command('init')
      .summary('make an identity')
      .description(
        'Makes an Ed25519 key and keeps it in a file that only you can read. Serve its directory at the URL before a crawl signs with it.',
      )
      .argument(
        '<url>',
        'where servers will find the directory of its keys, such as https://bot.example.com',
      ),
    { own: initOptions, settings },
    () => import('./init.ts'),
  );
  addProgram(
    identity
      .command('show', { isDefault: true })
      .summary('show the identity, its directory and its card, or write them as files for a web server'),
    { own: showOptions, settings },
    () => import('./show.ts'),
  );
  addProgram(
    identity
      .command('serve')
      .summary('serve the directory and the card')
      .description(
        `Answers over plain http, for a web server that speaks https and passes the requests on. ${OWN_COMMAND} serve answers them too.`,
      ),
    { own: serveIdentityOptions, settings },
    () => import('./serve.ts'),
  );
  addProgram(
    identity
      .command('check')
      .summary('check the identity as servers see it, one signed request, or how a URL answers it')
      .description(
        'Without a URL: fetches the directory as a server would, and verifies a request of today. With a URL: sends it one signed request, as robots.txt allows, and explains the answer. With --request: verifies a request that a server has received.',
      )
      .argument('[url]', 'a URL to which a signed request is sent'),
    { own: checkOptions, settings: ['crawl', 'consumer', ...settings] },
    () => import('./check.ts'),
  );
}
