// Dead letters as lines: NDJSON with everything that is known of each, or CSV for a spreadsheet. Secrets are
// redacted in both.

import { csvLine } from '../csv.ts';
import { type DeadLetterDetail, detailOf } from '../queue/dead-letters.ts';
import type { RequestJob } from '../queue/queue.ts';
import { writeLines } from '../records/export/output.ts';
import { redacted } from '../redact.ts';

export type DeadFormat = 'ndjson' | 'csv';

const columns: Record<string, (letter: DeadLetterDetail) => unknown> = {
  id: ({ jobId }) => jobId,
  crawl: ({ crawl }) => crawl,
  url: ({ url }) => url,
  host: ({ host }) => host,
  code: ({ code }) => code,
  layer: ({ layer }) => layer,
  message: ({ message }) => message,
  attempts: ({ attempts }) => attempts,
  failedAt: ({ failedAt }) => failedAt,
  method: ({ request }) => request.method ?? 'GET',
  depth: ({ depth }) => depth,
  referrer: ({ referrer }) => referrer,
  status: ({ tries }) => tries.at(-1)?.status,
  address: ({ tries }) => tries.at(-1)?.address,
  totalMs: ({ tries }) => tries.at(-1)?.timings.total,
  body: ({ tries }) => tries.at(-1)?.body,
  advice: ({ advice }) => advice,
};

/**
 * A letter as one line of JSON with its line end, as `drover dead show --json` prints it, including the
 * request that can be enqueued again.
 */
export function deadLine(job: RequestJob): string {
  return `${JSON.stringify(redacted(detailOf(job)))}\n`;
}

function csvLineOf(job: RequestJob): string {
  const letter = redacted(detailOf(job));
  return csvLine(Object.values(columns).map((cell) => cell(letter)));
}

/** Letters as lines, each with its line end. CSV begins with the names of the columns. */
export async function* deadLines(
  letters: AsyncIterable<readonly RequestJob[]>,
  format: DeadFormat,
): AsyncGenerator<string> {
  if (format === 'csv') yield csvLine(Object.keys(columns));
  const lineOf = format === 'csv' ? csvLineOf : deadLine;
  for await (const jobs of letters) for (const job of jobs) yield lineOf(job);
}

/**
 * Writes deadLines durably to a file, which appears complete or not at all, or to standard output (`file`
 * null). Returns the number of letters. Stops when the reader of standard output goes away. Throws E_FILE,
 * E_FILE_EXISTS, E_DISK_FULL.
 */
export async function writeDead(
  letters: AsyncIterable<readonly RequestJob[]>,
  format: DeadFormat,
  file: string | null,
  overwrite: boolean,
): Promise<number> {
  const lines = await writeLines(file, deadLines(letters, format), { overwrite });
  return format === 'csv' ? Math.max(0, lines - 1) : lines;
}
