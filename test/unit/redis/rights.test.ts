// The list of commands whose right is checked names all that drover's and BullMQ's scripts call.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { Redis } from 'ioredis';
import { neededCommands } from '../../../src/redis/rights.ts';
import { sourcesIn } from '../../support/sources.ts';

const root = join(import.meta.dirname, '../../..');

test('every command that a script of drover calls is among the rights that are checked', () => {
  const sources = globSync('src/**/*.lua', { cwd: root });
  assert.ok(sources.length > 20);
  for (const path of sources) {
    const text = readFileSync(join(root, path), 'utf8');
    for (const [, name = ''] of text.matchAll(/redis\.p?call\(\s*'(\w+)'/g))
      assert.ok(neededCommands.includes(name.toLowerCase()), `${path}: ${name}`);
  }
});

/** For what doctor says, for the check itself, for --durability replica: the line has them besides. */
const beside = [
  'config',
  'call',
  'multi',
  'discard',
  'subscribe',
  'unsubscribe',
  'info',
  'wait',
  'duplicate',
  'exec',
];

test('every command that a program of drover calls is among the rights that are checked', () => {
  const commands = new Redis({ lazyConnect: true }).getBuiltinCommands();
  let count = 0;
  for (const { path, text } of sourcesIn(['src', 'consumers', 'producers', 'cli'], 'ts'))
    for (const [, name = ''] of text.matchAll(/\b(?:redis|pipeline|opens|subscriber|probe)\s*\.(\w+)\(/g)) {
      const command = name.toLowerCase();
      if (!commands.includes(command) || beside.includes(command)) continue;
      count++;
      assert.ok(neededCommands.includes(command), `${path}: ${command}`);
    }
  assert.ok(count > 40, `only ${count} calls were found`);
});

test('every command that the scripts of BullMQ call, of the kinds that drover runs, is among them', () => {
  const used =
    /^(addStandardJob|extendLocks?|moveToActive|moveToFinished|moveToDelayed|moveJobFromActiveToWait|moveStalledJobsToWait|promote|reprocessJob|updateProgress|pause|(?:add|update|remove|get)JobScheduler|removeJob|getJobs|isFinished|isJobInList|saveStacktrace|getCounts|getRanges|getState|retryJob|addDelayedJob)-\d+\.js$/;
  const paths = globSync('node_modules/bullmq/dist/esm/scripts/*.js', { cwd: root });
  const scripts = paths.filter((path) => used.test(path.split('/').at(-1) ?? ''));
  assert.ok(scripts.length > 10, scripts.join());
  for (const path of scripts) {
    const text = readFileSync(join(root, path), 'utf8');
    for (const [, name = ''] of text.matchAll(/\b(?:rcall|redis\.call)\(\s*\\?["'](\w+)/g))
      assert.ok(neededCommands.includes(name.toLowerCase()), `${path}: ${name}`);
  }
});
