import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { readSettings } from '../../../src/config/read.ts';
import { defaultSettings, type SettingName, settingNames, variableOf } from '../../../src/config/settings.ts';
import { definitions } from '../../../src/config/table.ts';
import * as types from '../../../src/config/values.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

const nowhere = await temporaryDirectory('config');

/** A directory with such a drover.config file. */
async function withFile(name: string, content: string): Promise<string> {
  const directory = await temporaryDirectory('config');
  await writeFile(join(directory, name), content);
  return directory;
}

test('without flags, variables and file, every setting has its default', async () => {
  assert.deepEqual(await readSettings({}, nowhere, {}), defaultSettings);
});

test('a flag wins over a variable, a variable over the file, the file over the default', async () => {
  const directory = await withFile(
    'drover.config.json',
    '{"perHost": 3, "delay": "3s", "attempts": 3, "body": "none"}',
  );
  const environment = { DROVER_PER_HOST: '5', DROVER_DELAY: '5s', DROVER_LIMIT: '5' };
  const settings = await readSettings({ perHost: '7', limit: '7' }, directory, environment);
  const { perHost, delay, attempts, body, limit, depth } = settings;
  assert.deepEqual([perHost, limit], [7, 7], 'flags');
  assert.equal(delay, 5000, 'variable');
  assert.deepEqual([attempts, body], [3, 'none'], 'file');
  assert.equal(depth, null, 'default');
});

test('an empty variable counts as not given', async () => {
  assert.equal((await readSettings({}, nowhere, { DROVER_DEPTH: '', REDIS_URL: '' })).depth, null);
});

test('every setting is read from its own variable', async () => {
  for (const name of settingNames) {
    const value = sampleOf(name);
    const settings = await readSettings({}, nowhere, { [variableOf(name)]: value });
    assert.notDeepEqual(settings[name], defaultSettings[name], name);
    assert.deepEqual({ ...settings, [name]: null }, { ...defaultSettings, [name]: null }, name);
  }
});

test('drover.config.ts is read, and goes before drover.config.json', async () => {
  const directory = await withFile('drover.config.ts', 'export default { attempts: 9 satisfies number };');
  await writeFile(join(directory, 'drover.config.json'), '{"attempts": 2}');
  assert.equal((await readSettings({}, directory, {})).attempts, 9);
});

test('an unknown variable is refused with the nearest known one', async () => {
  await assert.rejects(readSettings({}, nowhere, { DROVER_TIMOUT_DNS: '1' }), {
    code: 'E_SETTING',
    message: /DROVER_TIMOUT_DNS.*did you mean DROVER_TIMEOUT_DNS\?/,
  });
});

test('an unknown key in the file is refused with the file and the nearest known one', async () => {
  const directory = await withFile('drover.config.json', '{"perhost": 1}');
  await assert.rejects(readSettings({}, directory, {}), {
    code: 'E_SETTING',
    message: /perhost.*drover\.config\.json.*did you mean perHost\?/,
  });
});

test('a file that cannot be read is named', async () => {
  const broken = await withFile('drover.config.json', '{"attempts": ');
  await assert.rejects(readSettings({}, broken, {}), {
    code: 'E_SETTING',
    message: /drover\.config\.json cannot be read/,
  });
  const throwing = await withFile('drover.config.ts', 'throw new Error("my own mistake")');
  await assert.rejects(readSettings({}, throwing, {}), { code: 'E_SETTING', message: /my own mistake/ });
  const folder = await temporaryDirectory('config');
  await mkdir(join(folder, 'drover.config.json'));
  await assert.rejects(readSettings({}, folder, {}), {
    code: 'E_FILE',
    message: /drover\.config\.json: EISDIR/,
  });
});

test('a wrong value is refused with the place that gave it and the value', async () => {
  const bad = { DROVER_DELAY: 'soon' };
  await assert.rejects(readSettings({}, nowhere, bad), {
    message: /DROVER_DELAY: expected a duration.*"soon"/,
  });
  await assert.rejects(readSettings({ perHost: 'many' }, nowhere, {}), { message: /--per-host: .*"many"/ });
  const directory = await withFile('drover.config.json', '{"attempts": 0}');
  await assert.rejects(readSettings({}, directory, {}), {
    message: /attempts in drover\.config\.json: .*got 0/,
  });
});

test('a wrong value of a place that is overruled does no harm', async () => {
  const settings = await readSettings({ delay: '1s' }, nowhere, { DROVER_DELAY: 'soon' });
  assert.equal(settings.delay, 1000);
});

/** Values as variables give them: of each type of values there is one that is no setting's default. */
const samples = [
  ...[
    '1',
    'true',
    'false',
    '7',
    '2s',
    '403',
    '100',
    '10MiB',
    '100MiB',
    'any',
    'address',
    'none',
    'search',
    'warn',
    'replica',
    '127.0.0.1',
    'x',
  ],
  ...[
    'a: b',
    '{"a.example": {"delay": "1s"}}',
    'https://a.example/',
    'redis://h',
    'file:/x',
    'sixteen characters',
    'string',
    'host',
    'off',
    'USD 0.01',
    'a.example:80:192.0.2.7',
    'empty',
    'images',
    'off',
    '[{"a": "b"}]',
    'user=env:NAME',
  ],
  ...['0123456789abcdef'],
];

/** A value, as its variable gives it, that the setting takes and that is not its default. */
function sampleOf(name: SettingName): string {
  const { default: value } = definitions[name];
  const schema = definitions[name].schema(types);
  const found = samples.find((sample) => {
    const parsed = schema.safeParse(sample);
    return parsed.success && !isDeepStrictEqual(parsed.data, value);
  });
  assert.ok(found !== undefined, `${name} takes none of the samples of this test: add one that it takes`);
  return found;
}

test('a former name is refused as variable and in the file, and its present name said', async () => {
  const renamed = settingNames.filter((name) => definitions[name].formerly);
  assert.deepEqual(renamed, ['maxPostponed', 'namespace'], 'name the former variable of each below');
  const formerly: [SettingName, string, string][] = [
    ['maxPostponed', 'maxSnooze', 'DROVER_MAX_SNOOZE'],
    ['namespace', 'prefix', 'DROVER_PREFIX'],
  ];
  for (const [name, former, variable] of formerly) {
    const directory = await withFile('drover.config.json', JSON.stringify({ [former]: '1s' }));
    await assert.rejects(readSettings({}, directory, {}), {
      code: 'E_SETTING',
      message: new RegExp(`${former} .*drover\\.config\\.json.* is called ${name} now`),
    });
    await assert.rejects(readSettings({}, nowhere, { [variable]: 'x' }), {
      code: 'E_SETTING',
      message: new RegExp(`${variable} .* is called ${variableOf(name)} now`),
    });
  }
});
