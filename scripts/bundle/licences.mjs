// The licences of the packages whose code is in the bundle, as one text: most of them ask that their notice
// goes wherever their code goes.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `modules` are the paths of the files in the bundle. Throws when a package has neither a file with its
 * licence nor a name for it.
 */
export function licencesOf(modules) {
  const folders = new Set(modules.flatMap((path) => packageFolder(path) ?? []));
  const texts = [...folders].sort().map(licenceOf);
  return `The files in this folder contain code of these packages.\n\n${texts.join('\n')}`;
}

/** .../node_modules/zod/v4/core/api.js → .../node_modules/zod; null for drover's own. */
function packageFolder(path) {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path.replaceAll('\\', '/'))?.[0] ?? null;
}

function licenceOf(folder) {
  const { name, version, license, author, homepage } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  );
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
  if (files.length === 0 && typeof license !== 'string') throw new Error(`${name} names no licence.`);
  const texts = files.map((file) => join(folder, file)).filter(existsSync);
  const by = typeof author === 'string' ? author : (author?.name ?? homepage ?? '');
  const text =
    texts.length > 0
      ? texts.map((file) => readFileSync(file, 'utf8').trim()).join('\n\n')
      : `Its package has no text of the licence. Author: ${by}`;
  return `${'-'.repeat(80)}\n${name} ${version} (${license})\n\n${text}\n`;
}
