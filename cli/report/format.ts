// The form of a site report: by --json, --format, or the ending of its file.
import { DroverError } from '../../src/errors.ts';
import { reportAsHtml } from '../../src/report/html.ts';
import type { SiteReport } from '../../src/report/kinds.ts';
import { reportAsCsv, reportAsJson } from '../../src/report/text-forms.ts';
import { reportText } from './report-text.ts';

const forms = { html: 'html', htm: 'html', json: 'json', csv: 'csv', text: 'text', txt: 'text' } as const;
export type ReportFormat = (typeof forms)[keyof typeof forms];

/** Throws E_USAGE for a form that there is not. */
export function reportFormat(options: {
  json: boolean;
  format: string | undefined;
  output: string | undefined;
}): ReportFormat {
  const { json, format, output } = options;
  const wrong = (says: string) => new DroverError('E_USAGE', `${says} A report is html, json, csv or text.`);
  if (json && format !== undefined && format !== 'json')
    throw wrong(`--json and --format ${format} exclude each other.`);
  if (json) return 'json';
  if (format !== undefined) return formOf(format) ?? fail(wrong(`--format ${JSON.stringify(format)}.`));
  if (output === undefined || output === '-') return 'text';
  const ending = /\.([^./]+)$/.exec(output)?.[1] ?? '';
  return formOf(ending) ?? fail(wrong(`-o ${output}: its ending names no form; add --format.`));
}

function formOf(name: string): ReportFormat | null {
  const known = name.toLowerCase();
  return Object.hasOwn(forms, known) ? forms[known as keyof typeof forms] : null;
}

function fail(error: DroverError): never {
  throw error;
}

export async function* reportIn(format: ReportFormat, report: SiteReport): AsyncGenerator<string> {
  switch (format) {
    case 'html':
      yield* reportAsHtml(report);
      break;
    case 'json':
      yield* reportAsJson(report);
      break;
    case 'csv':
      yield* reportAsCsv(report);
      break;
    case 'text':
      yield* reportText(report, process.stdout.columns ?? 100);
      break;
    default:
      format satisfies never;
  }
}
