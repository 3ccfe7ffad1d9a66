// Statements by which a site says how its content may be used: their shape, what several of them say together
// (draft-ietf-aipref-vocab), and the bounded form of them that a record keeps.

/** The uses for which a crawl can be declared (--purpose), by their labels in draft-ietf-aipref-vocab-08. */
export const purposes = ['train-ai', 'ai-use', 'search'] as const;

export type Purpose = (typeof purposes)[number];

/** What is said of each use: `y` allows it, `n` reserves it. A use that is missing is unknown. */
export type Preferences = { readonly [P in Purpose]?: 'y' | 'n' };

export interface UsageStatement {
  /** `meta`: the head of the page, its `<link>` included. */
  readonly source: 'robots.txt' | 'header' | 'meta';
  /** The number of the line in robots.txt, counted from 1. Null for other sources. */
  readonly line: number | null;
  /** The name of the line, header or tag, in lower case. */
  readonly name: string;
  /** As found. */
  readonly value: string;
}

/** A statement, and what drover reads in it. */
export interface ReadStatement extends UsageStatement {
  readonly says: Preferences;
}

/** The field `usage` of a record. */
export interface Usage {
  /** The uses that at least one statement reserves. */
  readonly reserves: Purpose[];
  /** The uses that a statement allows and none reserves. */
  readonly allows: Purpose[];
  /** All statements, also those of which drover understands nothing. A value that is too long ends in `…`. */
  readonly statements: UsageStatement[];
  /** How many further statements the record does not hold. */
  readonly leftOut: number;
}

/** A host could send 64 KiB of headers, and a page may have any number of tags. */
const MOST_STATEMENTS = 50;
const LONGEST_VALUE = 500;
const LONGEST_IN_ALL = 8000;

/** Of all statements together: any `n` reserves a use, else any `y` allows it, else it is unknown. */
export function combined(statements: readonly Pick<ReadStatement, 'says'>[]): Preferences {
  const all: { [P in Purpose]?: 'y' | 'n' } = {};
  for (const { says } of statements)
    for (const purpose of purposes) if (says[purpose] && all[purpose] !== 'n') all[purpose] = says[purpose];
  return all;
}

/** The record's field for these statements. Null when there are none. */
export function usageOf(statements: readonly ReadStatement[]): Usage | null {
  if (statements.length === 0) return null;
  const all = combined(statements);
  const kept: UsageStatement[] = [];
  let characters = 0;
  for (const { source, line, name, value } of statements) {
    const short = shortened(value);
    characters += short.length;
    if (kept.length === MOST_STATEMENTS || characters > LONGEST_IN_ALL) break;
    kept.push({ source, line, name, value: short });
  }
  return {
    reserves: purposes.filter((purpose) => all[purpose] === 'n'),
    allows: purposes.filter((purpose) => all[purpose] === 'y'),
    statements: kept,
    leftOut: statements.length - kept.length,
  };
}

function shortened(value: string): string {
  return value.length <= LONGEST_VALUE ? value : `${value.slice(0, LONGEST_VALUE).toWellFormed()}…`;
}

/** What keeps content from a crawl: the first statement that reserves a purpose, and all that it reserves. */
export interface Reservation {
  statement: ReadStatement;
  reserved: Purpose[];
}

/** Null when no statement reserves any of the purposes. Each use stands for itself: none implies another. */
export function reservationOf(
  statements: readonly ReadStatement[],
  declared: readonly Purpose[],
): Reservation | null {
  if (declared.length === 0) return null;
  for (const statement of statements) {
    const reserved = declared.filter((purpose) => statement.says[purpose] === 'n');
    if (reserved.length > 0) return { statement, reserved };
  }
  return null;
}

/**
 * What was reserved, by whom: "The header content-usage reserves train-ai: train-ai=n". `robotsFile` is the
 * URL of the robots.txt.
 */
export function reservedDetail({ statement, reserved }: Reservation, robotsFile: string): string {
  return `${placeOf(statement, robotsFile)} reserves ${reserved.join(' and ')}: ${oneLine(statement.value)}`;
}

function placeOf({ source, line, name }: UsageStatement, robotsFile: string): string {
  if (source === 'robots.txt') return `Line ${line} of ${robotsFile} (${name})`;
  return source === 'header' ? `The header ${name}` : `The tag ${name} of the page`;
}

const LONGEST_SHOWN = 200;

function oneLine(value: string): string {
  const text = value.trim().replace(/[\s\p{Cc}]+/gu, ' ');
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN).toWellFormed()}…`;
}
