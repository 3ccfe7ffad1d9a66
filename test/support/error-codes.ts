// Finds sources that decide by a list of error codes, or that take a message apart. A test forbids both
// outside of src/errors-table.ts. This searches the text with patterns and is no parser.
import { catalogue } from '../../src/errors.ts';
import { withoutComments } from './sources.ts';

/** The number of different codes that one file may compare with. More would mean that it sorts codes. */
const MOST_ASKED = 2;

const code = 'E_[A-Z0-9_]+';
const quoted = String.raw`['"\`]${code}['"\`]`;

/** Matches `'E_FILE', 'E_AUTH'`: two codes next to each other in an array, a set or arguments. */
const inRow = new RegExp(String.raw`${quoted}\s*,\s*${quoted}`, 'g');
/** Matches `E_FILE: …` and `['E_FILE']: …`: an entry of a table by code. */
const asKey = new RegExp(String.raw`(?<=[{,;(]\s*)(?:\[?${quoted}\]?|${code})\s*:(?!:)`, 'g');
/** Matches comparisons: `=== 'E_FILE'`, `'E_FILE' ===`, `case 'E_FILE'`, `.has('E_FILE')`. */
const asked = new RegExp(
  String.raw`(?:[!=]==?|\bcase|\.(?:has|includes|get|add|indexOf|startsWith|endsWith)\()\s*${quoted}|${quoted}\s*[!=]==?`,
  'g',
);
/** Matches any string with E_ in it. */
const text = /'[^'\n]*E_[^'\n]*'|"[^"\n]*E_[^"\n]*"|`[^`\n]*\bE_[^`\n]*`/g;
/** Matches a regular expression with E_ in it. */
const inRegex = /(?<=[(,=:?&|![]\s*|return\s+)\/(?![/*])(?:[^/\n\\]|\\.)*\bE_(?:[^/\n\\]|\\.)*\//g;

const codesIn = (piece: string): string[] => piece.match(new RegExp(String.raw`\b${code}`, 'g')) ?? [];
const distinct = (pieces: readonly string[]) => [...new Set(pieces.flatMap(codesIn))];

/**
 * One line for each way in which the source decides by codes. Empty if it only raises codes or compares with
 * two at most.
 */
export function listsOfCodes(source: string): string[] {
  const plain = withoutComments(source);
  const defects = (plain.match(inRow) ?? []).map((row) => `codes in a row: ${distinct([row]).join(', ')}`);
  const keys = distinct(plain.match(asKey) ?? []);
  if (keys.length > 1) defects.push(`a table by code: ${keys.join(', ')}`);
  const questions = distinct(plain.match(asked) ?? []);
  if (questions.length > MOST_ASKED) defects.push(`asks for ${questions.join(', ')}`);
  for (const found of plain.match(text) ?? []) {
    const several = codesIn(found).filter((name) => name in catalogue).length > 1;
    const part = codesIn(found).some((name) => !(name in catalogue)) || /\bE_(?![A-Z0-9])/.test(found);
    if (several || part) defects.push(`a text of several codes, or part of one: ${found.slice(0, 60)}`);
  }
  for (const found of plain.match(inRegex) ?? []) defects.push(`codes in a regular expression: ${found}`);
  return defects;
}

const layers = new Set(Object.values(catalogue).map(({ layer }) => layer as string));
/** The phases of a fetch have the same names as layers, but are something else. */
const phases = new Set(['dns', 'connect', 'tls', 'send', 'response', 'read', 'request']);

/**
 * The same for layers: lists of layers that are not only phases of a fetch, and comparisons with several
 * layers.
 */
export function listsOfLayers(source: string): string[] {
  const plain = withoutComments(source);
  const rows = (plain.match(/'[a-z]+'(?:\s*,\s*'[a-z]+')+/g) ?? []).filter((row) => {
    const words = row.match(/[a-z]+/g) ?? [];
    return words.every((word) => layers.has(word)) && words.some((word) => !phases.has(word));
  });
  const compared = plain.match(/\blayer\s*[!=]==?\s*'[a-z]+'/g) ?? [];
  const several = new Set(compared.map((found) => found.replace(/.*'(.*)'/, '$1'))).size > 1;
  return [...rows, ...(several ? [compared.join(', ')] : [])].map((found) => `a list of layers: ${found}`);
}

const told = String.raw`\b(?:message|detail|failedReason)\b(?:\s*\?\?\s*'')?\)?`;
const takenApart = [
  new RegExp(String.raw`\.(?:exec|test)\([^()]*${told}\s*\)`, 'g'),
  new RegExp(
    String.raw`${told}\??\.(?:match|matchAll|replace|replaceAll|search|split|startsWith|endsWith|slice|substring|indexOf|includes)\((?!0, )`,
    'g',
  ),
];

/** The places at which a message, a detail or a job's failedReason is taken apart. */
export function messagesTakenApart(source: string): string[] {
  const plain = withoutComments(source);
  return takenApart.flatMap((pattern) => plain.match(pattern) ?? []);
}
