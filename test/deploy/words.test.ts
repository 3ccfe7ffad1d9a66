// Each command, option and variable that a file for operators names is one of drover.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { Command } from 'commander';
import { parse } from 'yaml';
import { AFTER_GRACE_MS } from '../../cli/command/interrupt.ts';
import { crawlCommand } from '../../cli/commands.ts';
import { defaultSettings, settingNames, variableOf } from '../../src/config/settings.ts';
import { ofKind, root, workloads } from '../support/project/manifests.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const units = readdirSync(join(root, 'deploy/systemd')).filter((name) => name.endsWith('.service'));
const unitText = (name: string) => readFileSync(join(root, 'deploy/systemd', name), 'utf8');
const lineOf = (unit: string, key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1] ?? '';

interface Service {
  image?: string;
  build?: string;
  command?: string[];
  entrypoint?: string[];
  environment?: Record<string, string>;
}
const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
};
const services = Object.values(compose.services).filter(({ build }) => build === '.');

/** Whether these words are a command with options that it has. */
function check(words: readonly string[], where: string): void {
  const [name = '', ...rest] = words;
  const command: Command | undefined = crawlCommand().commands.find((one) => one.name() === name);
  assert.ok(command, `${where}: ${name}`);
  command.helpInformation(); // its options are made when they are asked for
  for (const word of rest.filter((one) => one.startsWith('--')))
    assert.ok(
      command.options.some(({ long }) => long === word),
      `${where}: ${name} ${word}`,
    );
}

test('every command and option is one of drover', () => {
  const own = workloads.map(({ metadata, spec }) => ({
    metadata,
    container: spec.template.spec.containers[0],
  }));
  const drover = own.filter(({ container }) => container.image === 'drover');
  assert.equal(drover.length, 2);
  for (const { metadata, container } of drover) check(container.args, metadata.name);
  for (const unit of units) check(lineOf(unitText(unit), 'ExecStart').split(' ').slice(1), unit);
  for (const { entrypoint = [], command = [] } of services)
    check([...entrypoint.slice(2), ...command], 'docker-compose.yml');
});

test('every variable is one that drover reads, and the values of settings can be read', async () => {
  const known = new Set([
    ...settingNames.map(variableOf),
    ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'PGPASSWORD'],
  ]);
  const env = readFileSync(join(root, 'deploy/systemd/drover.env'), 'utf8');
  const lines = [env, ...units.map((unit) => unitText(unit).replaceAll('Environment=', ''))].join('\n');
  const files = [...lines.matchAll(/^#?([A-Z][A-Z0-9_]{3,})=(.*)$/gm)].map(([, name, value]) => [
    name,
    value,
  ]);
  const given = [
    ...files.filter(([name]) => name !== undefined),
    ...[...ofKind('ConfigMap'), ...ofKind('Secret')].flatMap(({ data, stringData }) =>
      Object.entries(data ?? stringData),
    ),
    ...services.flatMap(({ environment }) => Object.entries(environment ?? {})),
  ] as [string, string][];
  assert.ok(given.length > 12, String(given.length));
  const { parseSetting } = await import('../../src/config/parse.ts');
  for (const [name, value] of given) {
    assert.ok(known.has(name), name);
    const setting = settingNames.find((one) => variableOf(one) === name);
    if (setting && value !== '' && !value.includes('${')) parseSetting(setting, value, name);
  }
});

test('systemd takes the units, and gives drover the time that it needs to stop', async () => {
  const dir = await temporaryDirectory('units');
  const seconds = (defaultSettings.grace + AFTER_GRACE_MS) / 1000;
  for (const name of units) {
    const text = unitText(name);
    assert.ok(Number(lineOf(text, 'TimeoutStopSec')) >= seconds, name);
    assert.equal(lineOf(text, 'KillMode'), 'mixed', name);
    assert.equal(lineOf(text, 'NoNewPrivileges'), 'yes', name);
    assert.equal(/^MemoryDenyWriteExecute=yes/m.test(text), false, 'V8 could not start');
    // systemd also looks whether the program is there.
    writeFileSync(join(dir, name), text.replace('ExecStart=/usr/bin/drover', 'ExecStart=/bin/true'));
  }
  const found = spawnSync('systemd-analyze', ['verify', ...units.map((name) => join(dir, name))], {
    encoding: 'utf8',
  });
  if (found.error) return; // there is no systemd here
  const said = found.stderr
    .split('\n')
    .filter((line) => units.some((name) => line.includes(name.replace('@.', '@i.'))));
  assert.deepEqual([found.status, said], [0, []], found.stderr);
});

test('the image runs without root, and holds no tools', () => {
  const text = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const last = text.slice(text.lastIndexOf('\nFROM '));
  assert.match(last, /^USER 1000:1000$/m);
  assert.match(last, /^HEALTHCHECK .*CMD \["node", "dist\/cli\/drover\.js", "status"\]$/m);
  assert.match(last, /^ENTRYPOINT \["node", "dist\/cli\/drover\.js"\]$/m);
  assert.equal(/^COPY(?! --from=build)/m.test(last), false, 'only what was built comes into it');
  assert.match(text, /npm prune --omit=dev/);
  const cmd = /^CMD (\[.*\])$/m.exec(last)?.[1] ?? '[]';
  check(JSON.parse(cmd), 'Dockerfile');
});

test('the sentinels of docker-compose.yml watch the primary under the name that the comment gives', () => {
  const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
  const [, sentinels = '', name = ''] = /REDIS_URL=redis\+sentinel:\/\/([\w,-]+)\/(\w+)/.exec(text) ?? [];
  assert.deepEqual(
    sentinels.split(',').toSorted(),
    Object.keys(compose.services).filter((one) => one.startsWith('sentinel')),
  );
  const hosts = Object.keys(compose.services).filter((one) => one.startsWith('redis'));
  for (const sentinel of sentinels.split(',')) {
    const script = compose.services[sentinel]?.command?.join(' ') ?? '';
    const [, primary = '', quorum = ''] = new RegExp(`monitor ${name} (\\w+) 6379 (\\d)`).exec(script) ?? [];
    assert.ok(hosts.includes(primary), sentinel);
    assert.equal(quorum, '2');
  }
  for (const host of hosts)
    assert.ok(compose.services[host]?.command?.includes(host), `${host} announces its name`);
});
