// drover new: writes a project that runs with two commands, and says what to do next.
import { isAbsolute, relative, resolve } from 'node:path';
import { readOwnPackage } from '../../src/config/own-package.ts';
import { DroverError } from '../../src/errors.ts';
import { EXIT } from '../command/failures.ts';
import { packageSource } from './package-source.ts';
import { checkProjectName } from './project-name.ts';
import { writeProject } from './write-project.ts';

/** Resolves with the exit code. Throws E_USAGE for a bad name, E_FILE_EXISTS, E_FILE, E_DISK_FULL. */
export async function run(args: string[]): Promise<number> {
  const given = args[0] ?? '';
  const folder = resolve(given);
  const name = checkProjectName(given, folder);
  const own = readOwnPackage();
  if (own === null) throw new DroverError('E_FILE', 'The package.json of drover itself cannot be read.');
  const files = await writeProject({ name, folder, own: own.content, source: packageSource(own) });
  const here = relative(process.cwd(), folder);
  const shown = isAbsolute(given) ? folder : here;
  const lines = [
    `${shown} has a new project:`,
    ...files.map((file) => `  ${file}`),
    'Run it:',
    `  cd ${/^[\w@%+=:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`}`,
    '  npm install',
    '  npm run crawl        crawls a demonstration site with the handlers of handlers.ts',
    '  npm test             tests the handlers on a saved page',
    'README.md there says how to go on with a site of your own.',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  return EXIT.recorded;
}
