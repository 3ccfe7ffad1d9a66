// A checkout in a temporary folder, for tests of the set-up: with stand-ins for npm, the package managers and
// the bundler, which write down what they are asked.
import { execFile, execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Clone {
  readonly dir: string;
  /** The one directory on the PATH. */
  readonly bin: string;
  /** Puts a shell script on the PATH; every call is noted first. */
  program(name: string, script?: string): void;
  /** The calls since the last look, each as its name and arguments. */
  calls(): string[];
  setup(args?: string[], env?: Record<string, string>): Promise<Run>;
  /** How many bundles were made so far, finished or not. */
  bundled(): number;
  /** Runs drover as npm does after the set-up. */
  drover(): string;
}

export function freshClone(t: TestContext): Clone {
  const dir = mkdtempSync(join(tmpdir(), 'drover-clone-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const bin = join(dir, 'bin');
  const noted = join(dir, 'calls');
  mkdirSync(bin);
  for (const tool of ['sh', 'mkdir', 'ln', 'chmod', 'cat', 'env']) {
    symlinkSync(
      execFileSync('sh', ['-c', `command -v ${tool}`])
        .toString()
        .trim(),
      join(bin, tool),
    );
  }
  cpSync(new URL('../../../scripts', import.meta.url), join(dir, 'scripts'), { recursive: true });
  writeFileSync(join(dir, 'scripts/bundle/bundle.mjs'), fakeBundler);
  for (const folder of ['src', 'cli', 'producers', 'consumers']) {
    mkdirSync(join(dir, folder));
    writeFileSync(join(dir, folder, 'index.ts'), `export const folder = '${folder}';\n`);
  }
  writeFileSync(join(dir, 'package.json'), '{"type": "module"}');
  writeFileSync(join(dir, 'package-lock.json'), '{}');
  const clone: Clone = {
    dir,
    bin,
    program(name, script = '') {
      const text = `#!/bin/sh\necho "${name} $*" >>"${noted}"\n${script}\n`;
      writeFileSync(join(bin, name), text, { mode: 0o755 });
    },
    calls() {
      const lines = existsSync(noted) ? readFileSync(noted, 'utf8').trim().split('\n').filter(Boolean) : [];
      rmSync(noted, { force: true });
      return lines;
    },
    setup(args = [], env = {}) {
      const file = join(dir, 'scripts/setup.mjs');
      return new Promise((resolve) => {
        execFile(
          process.execPath,
          [file, ...args],
          { cwd: dir, env: { PATH: bin, ...env } },
          (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
        );
      });
    },
    bundled: () => (existsSync(join(dir, 'bundled')) ? readFileSync(join(dir, 'bundled'), 'utf8').length : 0),
    drover: () => execFileSync(process.execPath, [join(dir, '.bundle/current/cli/drover.js')]).toString(),
  };
  clone.program('npm', fakeNpm);
  clone.program('redis-server', redis('7.0.15'));
  clone.program('sudo', '[ "$1" = -n ] && shift; exec "$@"');
  return clone;
}

/** Its bundle says which sources it was made from. It is slow, so that two at once would meet. */
const fakeBundler = `
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
appendFileSync('bundled', '.');
const source = readFileSync('src/index.ts', 'utf8');
if (source.includes('syntax error')) throw new Error('src/index.ts:1: that is no TypeScript');
mkdirSync(process.argv[2] + '/cli', { recursive: true });
await new Promise((resolve) => setTimeout(resolve, 200));
writeFileSync(process.argv[2] + '/cli/drover.js', 'console.log(' + JSON.stringify(source) + ')');
`;

export const linkNode = `ln -sf "${process.execPath}" node_modules/.bin/node`;
const fakeNpm = `mkdir -p node_modules/.bin; ${linkNode}; : >node_modules/.package-lock.json`;
export const redis = (version: string) =>
  `echo "Redis server v=${version} sha=00000000:0 malloc=libc bits=64 build=0"`;
export const putRedis = (clone: Clone, version = '7.0.15') =>
  `printf '#!/bin/sh\\necho v=${version}\\n' >"${clone.bin}/redis-server"; chmod 755 "${clone.bin}/redis-server"`;
