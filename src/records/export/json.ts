// Records as JSON lines, and values as one JSON array.
import type { CrawlRecord } from '../../record.ts';
import { type Field, pick } from '../fields.ts';

/** Records in JSON, with these fields alone; null for all. */
export async function* withFields(
  records: AsyncIterable<string>,
  fields: readonly Field[] | null,
): AsyncGenerator<string> {
  if (fields === null) yield* records;
  else for await (const json of records) yield JSON.stringify(pick(JSON.parse(json) as CrawlRecord, fields));
}

/** Each JSON text on a line of its own. */
export async function* asLines(texts: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const json of texts) yield `${json}\n`;
}

/** One array of all JSON texts, each on a line of its own. Not one text is `[]`. */
export async function* asArray(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let before = '[\n';
  for await (const json of texts) {
    yield before + json;
    before = ',\n';
  }
  yield before === '[\n' ? '[]\n' : '\n]\n';
}
