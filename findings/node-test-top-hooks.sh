#!/usr/bin/env bash
# node:test: of several before() hooks at the top of a file, none waits for the one before it; in a suite they wait.
#
# Node 24.21.0. At the top of a file each begins as soon as it is registered, at the same time as the others; the tests wait for all of them.
# So a second hook that uses what the first one opens works only while the first one happens to be faster.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund node@24.21.0 >/dev/null 2>&1
cat > hooks.test.mjs <<'JS'
import { before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
const hook = (name, ms) => async () => {
  console.log(`${name} begins`);
  await sleep(ms);
  console.log(`${name} ends`);
};
before(hook('first', 300));
before(hook('second', 10));
test('a test', () => console.log('the test'));
suite('a suite', () => {
  before(hook('first of the suite', 300));
  before(hook('second of the suite', 10));
  test('its test', () => console.log('the test of the suite'));
});
JS
seen=$(node_modules/node/bin/node hooks.test.mjs | grep -E '^(first|second|the)' | paste -sd, -)
expected='first begins,second begins,second ends,first ends,the test,first of the suite begins,first of the suite ends,second of the suite begins,second of the suite ends,the test of the suite'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was:"; echo "$expected"; exit 1; }
