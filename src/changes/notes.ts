// What a comparison of two runs cannot tell, or not for certain, in sentences.
import { flagOf, type SettingName } from '../config/settings.ts';
import { definitions } from '../config/table.ts';
import { redact } from '../redact.ts';
import { type ChosenRuns, MOST_EARLIER_RUNS, type RunSettings } from './runs.ts';

/** Settings that decide which pages a run finds, and what it gets of them. */
const ofPages = [
  ...(['depth', 'limit', 'scope', 'include', 'exclude', 'sitemap', 'maxPerHost', 'maxPathRepeats'] as const),
  ...(['maxChain', 'maxAlike', 'keepSessionIds', 'deadOn', 'ignoreRobots', 'purpose', 'userAgent'] as const),
  ...(['header', 'maxBytes', 'maxRedirects', 'maxUrlLength', 'checkExternal', 'stripParams'] as const),
  'requisites',
] as const satisfies readonly SettingName[];

const LONGEST_VALUE = 60;

export function notesOnRuns(
  { from, to, hasMoreEarlier, earlier, passedOver }: ChosenRuns,
  ofFrom: RunSettings,
  ofTo: RunSettings,
): string[] {
  const notes: string[] = [];
  if (passedOver.length > 0) {
    const runs = passedOver.map(({ crawl, state }) => `${crawl} (${state})`).join(', ');
    notes.push(`Not compared, because they have not finished: ${runs}.`);
  }
  if (from.state === 'cancelled')
    notes.push(`${from.crawl} was cancelled: a page that it does not have may have been there.`);
  if (to.state === 'cancelled')
    notes.push(`${to.crawl} was cancelled: a page that it does not have may still be there.`);
  const others = ofPages
    .filter((name) => JSON.stringify(ofFrom.settings[name]) !== JSON.stringify(ofTo.settings[name]))
    .map((name) =>
      definitions[name].secret
        ? flagOf(name)
        : `${flagOf(name)} ${shown(name, ofFrom)} → ${shown(name, ofTo)}`,
    );
  if (ofFrom.seeds !== ofTo.seeds) others.unshift('the seeds');
  if (others.length > 0)
    notes.push(`The runs differ in ${others.join(', ')}: that alone may make pages new, changed or gone.`);
  notes.push(...notesOfRun(from.crawl, ofFrom), ...notesOfRun(to.crawl, ofTo));
  if (hasMoreEarlier)
    notes.push(
      `Only the ${MOST_EARLIER_RUNS} runs before ${from.crawl} were searched for pages that are back, to ${earlier.at(-1)?.crawl}.`,
    );
  return notes;
}

function notesOfRun(crawl: string, run: RunSettings): string[] {
  const { leftOut, settings, hasLostBodies, notDue } = run;
  const limits = [
    leftOut.limit > 0 ? `--limit ${settings.limit}` : null,
    leftOut.hostLimit > 0 ? `--max-per-host ${settings.maxPerHost}` : null,
  ].filter((limit) => limit !== null);
  const notes: string[] = [];
  if (limits.length > 0)
    notes.push(
      `${crawl} reached ${limits.join(' and ')}: which pages it has depends on the order in which it found them.`,
    );
  if (notDue > 0)
    notes.push(
      `${notDue} pages of ${crawl} were not due (--only-due): they count as they were in the run before.`,
    );
  if (settings.body === 'none')
    notes.push(`${crawl} kept no bodies (--body none), so the texts of pages cannot be compared.`);
  else if (hasLostBodies)
    notes.push(`The bodies of ${crawl} were purged, so the texts of pages cannot be compared.`);
  return notes;
}

export function keepsBodies({ settings, hasLostBodies }: RunSettings): boolean {
  return settings.body !== 'none' && !hasLostBodies;
}

function shown(name: (typeof ofPages)[number], { settings }: RunSettings): string {
  if (settings[name] === null) return 'none';
  const text = redact(JSON.stringify(settings[name]));
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}
