// Which names a project may have: those that npm takes for a package, and none that its dependencies have.
import { basename } from 'node:path';
import { DroverError } from '../../src/errors.ts';

/** As npm has it for new packages. */
const LONGEST = 214;
/** npm installs no package into a project of the same name. */
const taken = ['drover', 'zod', 'node', 'typescript', 'node_modules', 'favicon.ico'];

/** Returns the name of the project: the last part of the folder. Throws E_USAGE, which says what is wrong. */
export function checkProjectName(given: string, folder: string): string {
  const name = basename(folder);
  const wrong = (why: string) =>
    new DroverError('E_USAGE', `${JSON.stringify(given)} is no name for a project: ${why}`);
  if (/^\s*$|^[\\/]+$|(^|[\\/])\.{1,2}[\\/]*$/.test(given))
    throw wrong('give the name of a new folder, such as shop or ../shop.');
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name)) {
    const nearest = name
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[^a-z0-9]+|-+$/g, '');
    const instead = nearest === '' ? 'shop' : nearest.slice(0, LONGEST);
    throw wrong(
      `npm wants lower-case letters, digits, dashes, dots and underscores, the first one a letter or a digit: ${instead}.`,
    );
  }
  if (name.length > LONGEST) throw wrong(`it has ${name.length} characters, and npm takes ${LONGEST}.`);
  if (taken.includes(name)) throw wrong(`${name} is the name of a package that it needs: my-${name}.`);
  return name;
}
