// What an answer says about its use: in its headers, and in the head of the page.
import { readContentSignal, readContentUsage, readTdmReservation } from '../usage/read.ts';
import type { Preferences, ReadStatement } from '../usage/statement.ts';
import { directivesFor, licenceLinks } from './directives.ts';

/** A tag of the page that speaks of its use. */
export interface PageStatement {
  name: string;
  /** As it stands in the page. */
  value: string;
}

/** A page may have any number of tags. */
const MOST_TAGS = 1000;

/** Gathers from the tags of a page those that speak of its use, each once. */
export class PageStatements {
  readonly all: PageStatement[] = [];
  readonly #known = new Set<string>();
  readonly #robot: string;

  /** `robot`: our name, in lower case. What is said to another by name is left out. */
  constructor(robot: string) {
    this.#robot = robot;
  }

  /** Takes a meta tag or a link. `name` in lower case. */
  add(name: string, value: string): void {
    const isOfUse = ofUse.has(name) || (name !== '' && name === this.#robot);
    if (!isOfUse || value.trim() === '' || this.all.length === MOST_TAGS) return;
    const key = `${name} ${value}`;
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.all.push({ name, value });
  }
}

const ofUse = new Set(['robots', 'tdm-reservation', 'tdm-policy', 'license']);

/** A `<link rel=license>` in the form of a Link header. */
export function licenceOf(href: string, type: string | undefined): string {
  return `<${href}>; rel="license"${type ? `; type="${type}"` : ''}`;
}

const NOTHING: Preferences = Object.freeze({});

/**
 * All statements of an answer, its headers first. Header names in lower case, with X-Robots-Tag in lines.
 * `page` is what its head says. `robot`: our name, in lower case.
 */
export function usageOfAnswer(
  headers: Readonly<Record<string, string>>,
  page: readonly PageStatement[],
  robot: string,
): ReadStatement[] {
  const read = (source: 'header' | 'meta', { name, value }: PageStatement): ReadStatement => ({
    ...{ source, line: null, name, value, says: meaningOfTag(name, value, robot) },
  });
  const ofPage = page.map((one) => read('meta', one));
  // In TDMRep, what a page says stands in place of what its header says.
  const isSuperseded = ofPage.some(({ name, says }) => name === tdm && says !== NOTHING);
  const ofHeader = headerStatements(headers)
    .map((one) => read('header', one))
    .map((one) => (isSuperseded && one.name === tdm ? { ...one, says: NOTHING } : one));
  return [...ofHeader, ...ofPage];
}

const tdm = 'tdm-reservation';
/** Headers that hold one statement each. */
const whole = ['content-usage', 'content-signal', tdm, 'tdm-policy'];

function headerStatements(headers: Readonly<Record<string, string>>): PageStatement[] {
  const found: PageStatement[] = [];
  const add = (name: string, value: string) => value.trim() !== '' && found.push({ name, value });
  for (const name of whole) if (headers[name] !== undefined) add(name, headers[name]);
  for (const line of headers['x-robots-tag']?.split('\n') ?? []) add('x-robots-tag', line);
  if (headers.link !== undefined) for (const link of licenceLinks(headers.link)) add('link', link);
  return found;
}

function meaningOfTag(name: string, value: string, robot: string): Preferences {
  switch (name) {
    case 'content-usage':
      return readContentUsage(value);
    case 'content-signal':
      return readContentSignal(value);
    case tdm:
      return readTdmReservation(value) ?? NOTHING;
    case 'tdm-policy':
    case 'link':
    case 'license':
      return NOTHING;
    default:
      return readRobotsWords(value, robot);
  }
}

const training: Preferences = Object.freeze({ 'train-ai': 'n' });

/** `noai` has no standard; its authors mean: not for training (DeviantArt, 2022). */
function readRobotsWords(value: string, robot: string): Preferences {
  if (!/noai/i.test(value)) return NOTHING;
  return directivesFor(value, robot).some((word) => word === 'noai') ? training : NOTHING;
}
