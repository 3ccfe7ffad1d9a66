// Packs WARC files into one WACZ (version 1.1.1): the files, an index of all, a list of the pages, and their
// digests. Members are stored as they are, so that a reader can fetch a range of the file.
import { createHash, type Hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import type { FoundArchive } from './packed.ts';
import { piecesOf } from './sorted-lines.ts';

export interface WaczPage {
  id: string;
  url: string;
  /** ISO 8601 in UTC. */
  ts: string;
  title: string | null;
  /** The user named it. A reader shows the first of these first. */
  seed: boolean;
}

export interface WaczContent {
  title: string;
  software: string;
  archive: Pick<FoundArchive, 'warcs' | 'lines'>;
  pages: AsyncIterable<WaczPage>;
}

interface Resource {
  name: string;
  path: string;
  hash: string;
  bytes: number;
}

/** The bytes of the WACZ. It throws what reading its parts throws. */
export async function* waczOf(content: WaczContent): AsyncGenerator<Buffer> {
  const zip = new ZipFile();
  const output = zip.outputStream as Readable;
  zip.on('error', (error: Error) => output.destroy(error));
  const filling = fill(zip, content).catch((error: Error) => output.destroy(error));
  yield* output as AsyncIterable<Buffer>;
  await filling;
}

async function fill(zip: ZipFile, { title, software, archive, pages }: WaczContent): Promise<void> {
  const resources: Resource[] = [];
  const put = async (path: string, parts: AsyncIterable<Buffer | string>) => {
    const resource = { hash: createHash('sha256'), bytes: 0 };
    const added = Promise.withResolvers<void>();
    const input = Readable.from(counted(parts, resource), { objectMode: false });
    input.once('end', added.resolve).once('error', added.reject);
    zip.addReadStream(input, path, { compress: false });
    await added.promise;
    const name = path.slice(path.lastIndexOf('/') + 1);
    resources.push({ name, path, hash: `sha256:${resource.hash.digest('hex')}`, bytes: resource.bytes });
  };
  for (const { name, bytes, open } of archive.warcs) if (bytes > 0) await put(`archive/${name}`, open());
  await put('indexes/index.cdxj', piecesOf(archive.lines));
  const first: { page: WaczPage | null } = { page: null };
  await put('pages/pages.jsonl', piecesOf(pageLines(pages, first)));
  const { page } = first;
  const about = {
    ...{ profile: 'data-package', wacz_version: '1.1.1', title, software, created: new Date().toISOString() },
    ...(page ? { mainPageUrl: page.url, mainPageDate: page.ts } : {}),
    resources,
  };
  const datapackage = Buffer.from(`${JSON.stringify(about, null, 2)}\n`);
  zip.addBuffer(datapackage, 'datapackage.json', { compress: false });
  const hash = `sha256:${createHash('sha256').update(datapackage).digest('hex')}`;
  const digest = Buffer.from(`${JSON.stringify({ path: 'datapackage.json', hash }, null, 2)}\n`);
  zip.addBuffer(digest, 'datapackage-digest.json', { compress: false });
  zip.end();
}

async function* counted(
  parts: AsyncIterable<Buffer | string>,
  resource: { hash: Hash; bytes: number },
): AsyncGenerator<Buffer> {
  for await (const part of parts) {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    resource.hash.update(bytes);
    resource.bytes += bytes.length;
    yield bytes;
  }
}

async function* pageLines(
  pages: AsyncIterable<WaczPage>,
  first: { page: WaczPage | null },
): AsyncGenerator<string> {
  yield JSON.stringify({ format: 'json-pages-1.0', id: 'pages', title: 'All Pages' });
  for await (const page of pages) {
    if (first.page === null || (page.seed && !first.page.seed)) first.page = page;
    const { title, ...named } = page;
    yield JSON.stringify(title === null ? named : { ...named, title });
  }
}
