// Where a source decides by a list of error codes, or takes a message apart, for the test that holds both to src/errors-table.ts. Text, not a parser.
import { catalogue } from '../../src/errors.ts';
import { withoutComments } from './sources.ts';

/** Distinct codes that one file may ask for by name: where the flow needs that one code, not where it sorts codes. */
const MOST_ASKED = 2;

const code = 'E_[A-Z0-9_]+';
const quoted = String.raw`['"\`]${code}['"\`]`;

/** What of the code reads `'E_FILE', 'E_AUTH'`, with or without more: an element beside another in an array, a set, arguments. */
const inRow = new RegExp(String.raw`${quoted}\s*,\s*${quoted}`, 'g');
/** `E_FILE: …` and `['E_FILE']: …`: a table by code. */
const asKey = new RegExp(String.raw`(?<=[{,;(]\s*)(?:\[?${quoted}\]?|${code})\s*:(?!:)`, 'g');
/** `=== 'E_FILE'`, `'E_FILE' ===`, `case 'E_FILE'`, `.has('E_FILE')`. */
const asked = new RegExp(
  String.raw`(?:[!=]==?|\bcase|\.(?:has|includes|get|add|indexOf|startsWith|endsWith)\()\s*${quoted}|${quoted}\s*[!=]==?`,
  'g',
);
/** Any text with E_ in it; what is not quoted, a key or a property is part of a regular expression. */
const text = /'[^'\n]*E_[^'\n]*'|"[^"\n]*E_[^"\n]*"|`[^`\n]*\bE_[^`\n]*`/g;
const inRegex = /(?<=[(,=:?&|![]\s*|return\s+)\/(?![/*])(?:[^/\n\\]|\\.)*\bE_(?:[^/\n\\]|\\.)*\//g;

const codesIn = (piece: string): string[] => piece.match(new RegExp(String.raw`\b${code}`, 'g')) ?? [];
const distinct = (pieces: readonly string[]) => [...new Set(pieces.flatMap(codesIn))];

/** One line for each way in which the source decides by codes; none where it raises them, or asks for one or two. */
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
/** The phases of a fetch are layers by name, and have limits and times of their own. */
const phases = new Set(['dns', 'connect', 'tls', 'send', 'response', 'read', 'request']);

/** The same for layers: a list with one in it that is no phase of a fetch, or several that are compared with. */
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

/** Where a message, a detail or a job's failedReason is taken apart. */
export function messagesTakenApart(source: string): string[] {
  const plain = withoutComments(source);
  return takenApart.flatMap((pattern) => plain.match(pattern) ?? []);
}
