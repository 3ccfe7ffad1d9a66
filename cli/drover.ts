#!/usr/bin/env node
// The drover command. Under a Node that is too old, it runs itself again with the Node that the package
// brings along, or says in one sentence that Node 24 is needed. So this file uses only what Node 20 knows.
import { spawn } from 'node:child_process';
import * as nodeModule from 'node:module';
import { join } from 'node:path';

const OLDEST_NODE = 24;

if (Number(process.versions.node.split('.')[0]) >= OLDEST_NODE) {
  nodeModule.enableCompileCache(); // halves the time to start
  const { main } = await import('./main.ts');
  await main();
} else {
  runWith(nodeOfPackage());
}

/** The program of the package `node`, or null when it is not installed. */
function nodeOfPackage(): string | null {
  try {
    const found = nodeModule.createRequire(import.meta.url).resolve('node/package.json');
    return join(found, '..', 'bin', 'node');
  } catch {
    return null;
  }
}

function runWith(node: string | null): void {
  if (node === null) {
    tooOld();
    return;
  }
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  child.on('error', tooOld);
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}

function tooOld(): void {
  process.stderr.write(
    `drover needs Node ${OLDEST_NODE} or later, and this is Node ${process.versions.node}: install it from https://nodejs.org.\n`,
  );
  process.exitCode = 2;
}
