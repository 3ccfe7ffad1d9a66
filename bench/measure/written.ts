// Writes what a benchmark measured between two markers of docs/BENCHMARKS.md. The text around them is written
// by hand.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const page = fileURLToPath(new URL('../../docs/BENCHMARKS.md', import.meta.url));

/** The text with `content` between the markers of `name`. Throws an Error if it lacks them. */
export function withWritten(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: npm run bench -- --${name} --write -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/BENCHMARKS.md must hold ${begin} and, below it, ${end}`);
  return `${text.slice(0, from)}${begin}\n\n${content}\n\n${text.slice(to)}`;
}

/** Puts `content` between the markers of `name` in docs/BENCHMARKS.md. */
export function writeToDocs(name: string, content: string): void {
  writeFileSync(page, withWritten(readFileSync(page, 'utf8'), name, content));
}
