// In the bundle, code of many sources shares one file. This plugin of the bundler makes import.meta.url,
// .dirname, .filename and .main of each source what they would be if it was a file of its own at its place in
// the bundle. So Lua files, assets, threads and packages are found from there, as they are in a checkout.
import { relative } from 'node:path';

const NAME = 'drover:place';
/** The id of the module that knows where the bundle lies. */
export const PLACE = `\0${NAME}`;

/** It stays a file of its own. parts/ lies in the root of the bundle. */
const placeModule = `
import { fileURLToPath } from 'node:url';
const root = new URL('../', import.meta.url).href;
export const urlOf = (path) => root + path;
export const fileOf = (path) => fileURLToPath(root + path);
export const isMain = (path) => process.argv[1] === fileOf(path);
`;

/** `root` is the checkout's folder. */
export function placesOfSources(root) {
  return {
    name: 'places-of-sources',
    resolveId: { filter: { id: new RegExp(`^${NAME}$`) }, handler: () => PLACE },
    load: { filter: { id: new RegExp(`^${PLACE}$`) }, handler: () => placeModule },
    transform: {
      filter: { id: /\.ts$/, code: /\bimport\.meta\.\w/ },
      handler(code, id) {
        const path = relative(root, id).replaceAll('\\', '/').replace(/\.ts$/, '.js');
        if (path.startsWith('..') || path.startsWith('node_modules')) return null;
        const quoted = JSON.stringify(path);
        const folder = JSON.stringify(path.replace(/\/[^/]*$/, ''));
        const placed = code
          .replaceAll(/\bimport\.meta\.url\b/g, `__drover_url(${quoted})`)
          .replaceAll(/\bimport\.meta\.filename\b/g, `__drover_file(${quoted})`)
          .replaceAll(/\bimport\.meta\.dirname\b/g, `__drover_file(${folder})`)
          .replaceAll(/\bimport\.meta\.main\b/g, `__drover_main(${quoted})`);
        // At its end, so that all lines stay where they are.
        const imports = `import { urlOf as __drover_url, fileOf as __drover_file, isMain as __drover_main } from '${NAME}';`;
        return { code: `${placed}\n${imports}\n`, map: null };
      },
    },
  };
}
