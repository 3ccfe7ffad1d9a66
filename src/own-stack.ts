// Names drover's sources in the stack of an error. In a bundle, many sources share one file; a map beside it
// says where each line comes from. Node could do that for every error, but then it reads all maps at the
// first error whose stack is made, which costs a crawl 100 ms and 35 MB.
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const bundle = new URL('../parts/', import.meta.url).href;

/**
 * The text of a stack with `…/src/url/host.ts:12:5` for places in files of the bundle; others stay as they
 * are.
 */
export function withSources(stack: string): string {
  const maps = new Map<string, SourceMap | null>();
  return stack.replace(/file:\/\/[^\s()]+?\.js(?=:\d+:\d+)(?::\d+){2}/g, (place) => {
    if (!place.startsWith(bundle)) return place;
    const [, url = '', line = '', column = ''] = /^(.*):(\d+):(\d+)$/.exec(place) ?? [];
    const file = fileURLToPath(url);
    if (!maps.has(file)) maps.set(file, readMap(file));
    const origin = maps.get(file)?.findOrigin(Number(line), Number(column));
    if (!origin || !('fileName' in origin)) return place;
    return `${resolve(dirname(file), origin.fileName)}:${origin.lineNumber}:${origin.columnNumber}`;
  });
}

/** Null when the map is missing or damaged: then the stack names the files of the bundle. */
function readMap(file: string): SourceMap | null {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')) as SourceMapPayload);
  } catch {
    return null;
  }
}
