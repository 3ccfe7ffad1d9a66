// How the user runs drover, so that hints show commands that can be typed as they are.
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOwnPackage } from '../../src/config/own-package.ts';

const own = readOwnPackage();

/** When installed, drover is on the PATH; in a checkout npm runs it. */
export const OWN_COMMAND =
  own !== null && relative(own.folder, fileURLToPath(import.meta.url)).startsWith(`dist${sep}`)
    ? 'drover'
    : 'npm run drover --';
