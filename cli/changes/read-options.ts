// Reads the options of drover changes.
import { type ChangeKind, changeKinds, everyChangeKind } from '../../src/changes/kinds.ts';
import { DroverError } from '../../src/errors.ts';

const forms = { text: 'text', txt: 'text', json: 'json', csv: 'csv' } as const;
export type ChangesFormat = (typeof forms)[keyof typeof forms];

/** Throws E_USAGE. */
export function readChangeFormat(given: string, flag: string): ChangesFormat {
  const known = given.toLowerCase();
  if (Object.hasOwn(forms, known)) return forms[known as keyof typeof forms];
  throw new DroverError('E_USAGE', `${flag}: expected text, json or csv (got ${JSON.stringify(given)}).`);
}

/** By --json, --format, or the ending of the file. Throws E_USAGE for a form that there is not. */
export function changesFormat(options: {
  json: boolean;
  format: ChangesFormat | undefined;
  output: string | undefined;
}): ChangesFormat {
  const { json, format, output } = options;
  if (json && format !== undefined && format !== 'json')
    throw new DroverError('E_USAGE', `--json and --format ${format} exclude each other.`);
  if (json) return 'json';
  if (format !== undefined) return format;
  if (output === undefined || output === '-') return 'text';
  const ending = /\.([^./]+)$/.exec(output)?.[1]?.toLowerCase() ?? '';
  if (Object.hasOwn(forms, ending)) return forms[ending as keyof typeof forms];
  throw new DroverError(
    'E_USAGE',
    `-o ${output}: its ending names no form; add --format. A list of changes is text, json or csv.`,
  );
}

/** Throws E_USAGE for an unknown kind. */
export function readKinds(given: string, flag: string): ChangeKind[] {
  const names = given.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !Object.hasOwn(changeKinds, name));
  if (unknown === undefined) return everyChangeKind.filter((kind) => names.includes(kind));
  const known = everyChangeKind.join(', ');
  throw new DroverError('E_USAGE', `${flag}: expected some of ${known} (got ${JSON.stringify(unknown)}).`);
}

/** `any` is all but what is not known. Throws E_USAGE for an unknown kind. */
export function readFailOnKinds(given: string, flag: string): ChangeKind[] {
  const every = everyChangeKind.filter((kind) => kind !== 'unknown').join(',');
  return readKinds(given.replace(/(?<=^|,)\s*any\s*(?=,|$)/g, every), flag);
}

/** One expression of all that were given; null for none. Throws E_USAGE for one that cannot be read. */
export function readIgnored(given: string | string[] | boolean | undefined): RegExp | null {
  if (given === undefined) return null;
  const expressions = [given].flat().map(String);
  for (const expression of expressions)
    try {
      new RegExp(expression, 'u');
    } catch (error) {
      throw new DroverError('E_USAGE', `--ignore: ${(error as Error).message}.`);
    }
  return new RegExp(expressions.map((expression) => `(?:${expression})`).join('|'), 'u');
}
