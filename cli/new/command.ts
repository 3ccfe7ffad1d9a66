// The command drover new.
import type { Command } from 'commander';
import { addProgram } from '../command/typed-options.ts';

export function addNew(program: Command): void {
  addProgram(
    program
      .command('new')
      .summary('write a project with handlers, a test and settings to start from')
      .description(
        'Writes a project into a new folder: handlers with a schema, a test of them on a saved page, settings, types. After npm install, npm run crawl and npm test run it.',
      )
      .argument('<name>', 'the name of the project, or the path of its folder: shop, ../shop'),
    { own: {}, settings: [] },
    () => import('./new.ts'),
  );
}
