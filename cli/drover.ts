#!/usr/bin/env node
// The drover command. Under a Node that is too old, it runs itself again with the Node that the package
// brings along.
import { spawn } from 'node:child_process';
import { createRequire, enableCompileCache } from 'node:module';
import { join } from 'node:path';

const OLDEST_NODE = 24;

if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) {
  enableCompileCache(); // halves the time to start
  const { main } = await import('./main.ts');
  await main();
} else {
  const node = join(createRequire(import.meta.url).resolve('node/package.json'), '..', 'bin', 'node');
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(
      `drover needs Node ${OLDEST_NODE} or later, and the Node in its package does not start: ${error.message}\n`,
    );
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}
