// Writes the tables of docs/errors.md, docs/settings.md and docs/metrics.md from src/errors-table.ts,
// src/config/table.ts and src/metrics.ts, and those of docs/SCALE.md from bench/scale/sizing.ts: npm run
// docs. The text around the tables is written by hand.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sizingTables } from '../bench/scale/sizing-tables.ts';
import { type SettingName, settingNames, variableOf } from '../src/config/settings.ts';
import { definitions } from '../src/config/table.ts';
import { catalogue } from '../src/errors.ts';
import { type Metric, metrics } from '../src/metrics.ts';

const begin = '<!-- table: npm run docs -->';
const end = '<!-- end of table -->';

/** The pages that have a generated table, each with the function that makes it. */
export const pages: Record<string, () => string> = {
  'docs/errors.md': errorsTable,
  'docs/settings.md': settingsTable,
  'docs/metrics.md': metricsTable,
  'docs/SCALE.md': () => `${sizingTables()}\n`,
};

/**
 * The text of a page now, and with its table as it should be. Throws an Error if the page lacks the two
 * markers.
 */
export function upToDate(path: string): { now: string; wanted: string } {
  const now = readFileSync(fileOf(path), 'utf8');
  const [from, to] = [now.indexOf(begin), now.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${path} must hold ${begin} and, below it, ${end}`);
  const wanted = `${now.slice(0, from)}${begin}\n\n${pages[path]?.()}\n${now.slice(to)}`;
  return { now, wanted };
}

function errorsTable(): string {
  const rows = Object.entries(catalogue).map(([code, entry]) => [
    `\`${code}\``,
    entry.layer,
    entry.means,
    entry.advice,
    entry.ends ?? '–',
    entry.retry ? 'yes' : '–',
    entry.hostDown ? 'yes' : '–',
    String(entry.status ?? '–'),
  ]);
  const head = ['code', 'layer', 'what happened', 'what to do', 'request', 'retried', 'host down', 'API'];
  return table(head, rows);
}

function settingsTable(): string {
  const rows = settingNames.map((name) => [
    `\`${name}\``,
    code(definitions[name].flags),
    code(variableOf(name)),
    code(shownDefault(name)),
    definitions[name].of,
    definitions[name].help,
  ]);
  return table(['key', 'flag', 'variable', 'default', 'of', 'what it does'], rows);
}

function metricsTable(): string {
  const rows = metrics.map((metric) => [
    `\`${metric.name}\``,
    metric.type,
    labelsShown(metric),
    [metric.help, metric.bounds.length > 0 ? `Buckets up to ${metric.bounds.join(', ')} s.` : '']
      .join(' ')
      .trim(),
  ]);
  return table(['name', 'type', 'labels', 'what it says'], rows);
}

/** Each label with its values; codes are those of docs/errors.md. */
function labelsShown({ labels, series }: Metric): string {
  const shown = labels.map((label, index) => {
    const values = [...new Set(series.map((row) => row[index]))];
    return label === 'code'
      ? `\`code\`: ${values.length} of docs/errors.md`
      : `\`${label}\`: ${values.join(', ')}`;
  });
  return shown.join('; ') || '–';
}

/** The default of a setting as text. Empty for null, an empty list and an empty object. */
export function shownDefault(name: SettingName): string {
  const value = definitions[name].default;
  if (value === null) return '';
  return typeof value === 'object' && Object.keys(value).length === 0 ? '' : String(value);
}

function code(text: string | undefined): string {
  return text ? `\`${text}\`` : '–';
}

function table(head: string[], rows: string[][]): string {
  // A bar would end the cell, even within code.
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return line(head) + line(head.map(() => '---')) + rows.map(line).join('');
}

function fileOf(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

if (import.meta.main) {
  for (const path of Object.keys(pages)) {
    const { now, wanted } = upToDate(path);
    if (now !== wanted) writeFileSync(fileOf(path), wanted);
    console.log(`${path}: ${now === wanted ? 'up to date' : 'written'}`);
  }
}
