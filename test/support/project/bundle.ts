// The bundle of the sources as they are now, for tests that start the command.
import { join } from 'node:path';

interface Bundling {
  prepareBundle(): string;
}

const { prepareBundle } = (await import(
  new URL('../../../scripts/setup/bundle.mjs', import.meta.url).href
)) as Bundling;

/** Its folder. It is made if there is none of these sources; else this takes some 15 ms. */
export const bundle = prepareBundle();

/** The command in it. */
export const bundledDrover = join(bundle, 'cli/drover.js');
