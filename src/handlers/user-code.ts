// Where an error arose in the user's own files: the lines of its stack without those of drover, of packages
// and of Node.
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const MOST_FRAMES = 3;
const MOST_TEXT = 500;
/** The folders of drover's own sources in a checkout, or of its code in a bundle. */
const own = ['src/', 'consumers/', 'producers/', 'cli/', 'parts/'].map((folder) =>
  fileURLToPath(new URL(`../../${folder}`, import.meta.url)),
);

/** `TypeError: x is not a function, at shop.ts:12:5`: an error for one line of a dead letter. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return `It threw ${typeof error}: ${textOf(error)}`;
  const places = framesOf(error);
  const what = `${error.name}: ${textOf(error.message)}`;
  return places.length === 0 ? what : `${what}, at ${places.join(', from ')}`;
}

/** `FILE:LINE:COLUMN` of the innermost frames in the user's files, the innermost first. */
export function framesOf(error: Error): string[] {
  const frames = String(error.stack ?? '').matchAll(/^\s+at (?:.* \()?(?:async )?(.+?:\d+:\d+)\)?$/gm);
  const places: string[] = [];
  for (const [, place = ''] of frames) {
    const path = place.startsWith('file://') ? pathOf(place) : place;
    if (!path.startsWith(sep) && !/^[A-Za-z]:\\/.test(path)) continue; // node:internal and the like
    if (own.some((folder) => path.startsWith(folder)) || path.includes(`${sep}node_modules${sep}`)) continue;
    places.push(path);
    if (places.length === MOST_FRAMES) break;
  }
  return places;
}

function pathOf(place: string): string {
  const [, url = '', line = ''] = /^(.*?)((?::\d+){2})$/.exec(place) ?? [];
  try {
    return `${fileURLToPath(url.replace(/\?.*$/, ''))}${line}`;
  } catch {
    return place;
  }
}

function textOf(value: unknown): string {
  let text = '';
  try {
    text = String(value);
  } catch {
    // an object without a primitive value
  }
  return text.replace(/\s+/g, ' ').trim().slice(0, MOST_TEXT);
}
