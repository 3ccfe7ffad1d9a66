// drover serve: runs the HTTP API and the dashboard, with consumers beside them.
import { serveApi } from '../producers/api.ts';
import type { GivenFlags } from '../src/config/read.ts';
import { EXIT } from './command/failures.ts';
import { onInterrupt } from './command/interrupt.ts';
import { OWN_COMMAND, readVersion } from './command/own-command.ts';
import { openConsumerSession } from './command/session.ts';
import { EVERY_COMMAND, wordsOf } from './command/setting-flags.ts';
import { superviseConsumers } from './command/supervise.ts';
import type { ServeOptions } from './options.ts';

/** Resolves with the exit code after it was stopped. Throws E_OPEN_DOOR, E_LISTEN, E_USAGE. */
export async function run(_args: string[], options: ServeOptions): Promise<number> {
  const { processes } = options;
  const session = await openConsumerSession(options.settings);
  const { settings, address, log } = session;
  const say = (line: string) => (options.quiet ? undefined : process.stderr.write(`${line}\n`));
  try {
    const api = await serveApi({ settings, address, log, version: readVersion() });
    const children = superviseConsumers(processes, consumeArguments(options.settings));
    const interrupt = onInterrupt({ note: say }, settings.grace, children.kill);
    say(`listening on ${api.url} (dashboard, API at ${api.url}/openapi.json); Ctrl-C stops`);
    say(
      processes === 0
        ? `no consumers of its own; start some with ${OWN_COMMAND} consume`
        : `${processes} consumer${processes > 1 ? 's' : ''} beside it (--processes)`,
    );
    if (
      processes === 0 &&
      (settings.autoReplay > 0 ||
        [settings.keepDead, settings.keepDeadCount, settings.keepCrawls].some((keep) => keep !== null))
    )
      say(
        `--auto-replay, --keep-dead and --keep-crawls are done by consumers: give them to ${OWN_COMMAND} consume`,
      );
    await interrupt.wait;
    await Promise.all([api.stop(), children.stop()]);
    interrupt.done();
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}

/**
 * The consumers get the options for the fleet (Redis, data directory, log) and those for consumers. All other
 * options are for the server.
 */
function consumeArguments(flags: GivenFlags): string[] {
  return ['consume', '--quiet', ...wordsOf(flags, ['consumer', ...EVERY_COMMAND])];
}
