// README.md as the tests read it: its fenced blocks, its command lines, its example of a request.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../../..');
export const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** The fenced blocks of the README, in order. */
export const blocks = [
  ...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```(\w*)\n(.*?)^```$/gms),
].map(([, language = '', text = '']) => ({ language, text }));
export const commandLines = blocks
  .filter(({ language }) => language === 'console')
  .flatMap(({ text }) => text.split('\n').filter(Boolean));
export const requestExample =
  blocks.find(({ language }) => language === 'json')?.text.replaceAll('\n', ' ') ?? '';
