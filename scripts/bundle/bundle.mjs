// Makes the bundle: drover as JavaScript in few files, with what it needs of its packages, so that it starts
// in half the time. Each command and each part that is loaded later is a file of its own (a part). The set-up
// makes one for a checkout whenever sources have changed, and `npm run build` one for the package. Usage,
// under Node 24: node scripts/bundle/bundle.mjs FOLDER
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { leanBuiltins } from './builtins.mjs';
import { licencesOf } from './licences.mjs';
import { PLACE, placesOfSources } from './places.mjs';
import { tiersOfModules } from './tiers.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const sourceRoots = ['src', 'cli', 'producers', 'consumers'];

/**
 * What is started by its path or imported by users: the command, the package's entry, threads and processes.
 */
const entries = [
  'cli/drover',
  'src/index',
  'src/embedded/wire',
  'src/handlers/threads/child',
  'src/handlers/threads/worker',
  'src/records/export/markdown/extract-worker',
  'src/compare/measure/lane-thread',
  'src/compare/measure/runner-entry',
  'src/compare/sample/replica-server',
];

/**
 * Packages that stay as they are installed: they have files beside their code, or are loaded for one purpose
 * long after the start. What users import too, with state that must be one for the process, is among them.
 */
const external = [
  ...[
    '@aws-sdk',
    '@bull-board',
    '@fastify',
    '@opentelemetry',
    'bullmq-otel',
    'cheerio',
    'defuddle',
    'fastify',
  ],
  ...['hyparquet-writer', 'linkedom', 'msgpackr-extract', 'pg', 'piscina', 'tinyld'],
].map((name) => new RegExp(`^${name}(/|$)`));

/**
 * Writes the bundle into this folder, which must be empty or missing; `place` is where it will be moved to.
 * Rejects with what is wrong in the sources.
 */
export async function makeBundle(folder, place = folder) {
  const made = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map((name) => [name, join(root, `${name}.ts`)])),
    platform: 'node',
    external,
    plugins: [
      placesOfSources(root),
      leanBuiltins([join(root, 'cli/drover.ts'), PLACE]),
      tiersOfModules(root, PLACE),
    ],
    onLog: (_level, log) => {
      // It would be looked for when it is needed. Other warnings are of style, or of time.
      if (/UNRESOLVED|UNDEFINED/.test(log.code ?? '')) throw new Error(log.message);
    },
  });
  try {
    const { output } = await made.write({
      dir: folder,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'parts/[name]-[hash].js',
      charset: 'ascii', // V8 keeps a file with any other character in twice the memory
      comments: { legal: true, annotation: false, jsdoc: false },
      sourcemap: true,
      sourcemapExcludeSources: true,
      sourcemapPathTransform: (source, map) => {
        const from = dirname(join(place, relative(folder, map)));
        return relative(from, resolve(dirname(map), source));
      },
    });
    copyAssets(folder);
    const modules = output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []));
    writeFileSync(join(folder, 'LICENSES.txt'), licencesOf(modules));
  } finally {
    await made.close();
  }
}

/** What the code reads at run time, such as the Lua scripts, lies beside where its source would be. */
function copyAssets(folder) {
  for (const top of sourceRoots) {
    for (const entry of readdirSync(join(root, top), { recursive: true, withFileTypes: true })) {
      const path = relative(root, join(entry.parentPath, entry.name));
      if (!entry.isFile() || !/\.(lua|sh|html|css|js|svg)$/.test(path)) continue;
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      cpSync(join(root, path), join(folder, path));
    }
  }
  // The project that `drover new` writes is copied as it is: its TypeScript is for its user.
  cpSync(join(root, 'cli/new/project'), join(folder, 'cli/new/project'), { recursive: true });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await makeBundle(resolve(process.argv[2]));
