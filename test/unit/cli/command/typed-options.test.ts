import assert from 'node:assert/strict';
import test from 'node:test';
import { EVERY_COMMAND, wordsOf } from '../../../../cli/command/setting-flags.ts';
import {
  addProgram,
  lazyProgram,
  type OptionsOf,
  type OwnOptions,
} from '../../../../cli/command/typed-options.ts';
import { exportOptions, purgeOptions, summaryOptions } from '../../../../cli/dead/options.ts';
import { setOptions } from '../../../../cli/hosts/options.ts';
import { crawlOptions, reportOptions, shownOptions } from '../../../../cli/options.ts';
import { flagOf, settingNames } from '../../../../src/config/settings.ts';
import { definitions, type Owner } from '../../../../src/config/table.ts';

/** What the program of a command with these options gets for these words. */
async function given<Own extends OwnOptions>(
  own: Own,
  settings: readonly Owner[],
  words: readonly string[],
): Promise<OptionsOf<Own>> {
  const got: OptionsOf<Own>[] = [];
  const program = lazyProgram('drover')
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  const command = program.command('tried').argument('[args...]');
  const run = async (_args: string[], options: OptionsOf<Own>) => {
    got.push(options);
    return 0;
  };
  addProgram(command, { own, settings }, async () => ({ run }));
  await program.parseAsync(['tried', ...words], { from: 'user' });
  const [options] = got;
  assert.ok(options);
  return options;
}

test('a program gets each of its options, of its kind, and the flags of settings apart from them', async () => {
  const own = { ...crawlOptions, ...shownOptions };
  const nothing = {
    crawl: undefined,
    again: undefined,
    output: undefined,
    overwrite: false,
    quiet: false,
    json: false,
    verbose: false,
  };
  assert.deepEqual(await given(own, ['crawl'], []), { ...nothing, settings: {} });
  const words = ['--crawl', 'shop', '-o', 'x.jsonl', '--json', '--per-host', '3', '--no-adaptive'];
  const lists = ['--include', 'a', '--include', 'b'];
  assert.deepEqual(await given(own, ['crawl'], [...words, ...lists]), {
    ...nothing,
    ...{ crawl: 'shop', output: 'x.jsonl', json: true },
    settings: { perHost: '3', adaptive: false, include: ['a', 'b'] },
  });
});

test('an option has its default, and what it takes is checked before its program is loaded', async () => {
  assert.equal((await given(reportOptions, [], [])).similar, 80);
  for (const wrong of ['0', '101', '-1', '1.5', 'x', ''])
    await assert.rejects(given(reportOptions, [], [`--similar=${wrong}`]), {
      code: 'E_USAGE',
      message: /--similar: expected a number from 50 to 100/,
    });
  assert.equal((await given(exportOptions, [], [])).format, 'ndjson');
  await assert.rejects(given(exportOptions, [], ['--format=xml']), /--format: expected ndjson or csv/);
  assert.deepEqual(
    [(await given(purgeOptions, [], [])).export, (await given(purgeOptions, [], ['--no-export'])).export],
    [true, false],
  );
});

test('an option of the name of a setting that the command does not follow is the option alone', async () => {
  const { host, settings } = await given(summaryOptions, EVERY_COMMAND, ['--host', 'a.example']);
  assert.deepEqual([host, settings], ['a.example', {}]);
  const set = await given(setOptions, EVERY_COMMAND, [
    '--concurrency=3',
    '--delay=2s',
    '--max=1',
    '--duration=1m',
  ]);
  assert.deepEqual([set.concurrency, set.delayMs, set.max, set.durationMs], [3, 2000, 1, 60_000]);
  assert.deepEqual(set.settings, {});
});

test('-v writes more to the log, unless it is said how much', async () => {
  assert.equal((await given(shownOptions, EVERY_COMMAND, ['-v'])).settings.logLevel, 'debug');
  const both = await given(shownOptions, EVERY_COMMAND, ['-v', '--log-level', 'warn']);
  assert.equal(both.settings.logLevel, 'warn');
});

test('a former flag is refused, with a value or without, and its present name said', async () => {
  const renamed = settingNames.filter((name) => definitions[name].formerly);
  assert.deepEqual(renamed, ['maxPostponed', 'namespace'], 'name the former flag of each below');
  const former = { '--max-snooze': 'maxPostponed', '--prefix': 'namespace' } as const;
  for (const [flag, name] of Object.entries(former))
    for (const words of [[flag], [flag, '1s'], [`${flag}=1s`]])
      await assert.rejects(given({}, ['crawl', 'place'], words), {
        code: 'E_SETTING',
        message: new RegExp(`${flag} .*is called ${flagOf(name)} now`),
      });
});

test('the flags of settings become words again, for a process that is started with them', async () => {
  const words = ['--concurrency', '3', '--dns-server', 'a', '--dns-server', 'b', '--purge-unexported'];
  const { settings } = await given({}, ['consumer', 'place'], [...words, '--namespace', 'x']);
  assert.deepEqual(wordsOf(settings, ['consumer']), words);
  assert.deepEqual(wordsOf(settings, ['place']), ['--namespace', 'x']);
});
