// The objects of a bucket under the prefix of a store: put, get, list, delete, with tries that wait longer
// and longer while the server is away or asks to slow down.
import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { plainS3, type S3Address } from '../../config/s3-address.ts';
import { catalogue, DroverError } from '../../errors.ts';
import { openCredentials } from './credentials.ts';
import { connectionFailure, refusalFailure } from './failures.ts';
import { openS3Connection, type S3Answer, type S3Request } from './request.ts';

const TRIES = 4;
const FIRST_WAIT_MS = 100;
const MOST_ANSWER = 64 * 1024;
const MOST_LIST = 8 * 1024 * 1024;
/** The most that S3 deletes with one request; and where it knows no such request, how many go at once. */
const MOST_DELETED = 1000;
const DELETED_AT_ONCE = 8;

export interface ListedObject {
  /** What follows the folder: a plain name that drover has made. */
  name: string;
  bytes: number;
  /** When it was written, by the server's clock; milliseconds since 1970. */
  writtenMs: number;
}

/** Keys are relative to the prefix of the store. All throw errors of layer store. */
export interface Bucket {
  readonly name: string;
  /** Durable when it resolves. `exists` when there is one already, if `isNew` was asked for. */
  put(key: string, body: Buffer, isNew: boolean): Promise<'written' | 'exists'>;
  /** True when there is one already and the server says so; false when it does not know If-None-Match. */
  putIfNew(key: string, body: Buffer): Promise<boolean>;
  /** The bytes in [from, to), or all of it; null when there is no such object. */
  get(key: string, mostBytes: number, range?: { from: number; to: number }): Promise<Buffer | null>;
  /** What is directly in a folder, by name; with `start`, only what begins so. */
  list(folder: string, start?: string): Promise<ListedObject[]>;
  /** Nothing happens with those that are not there. */
  delete(keys: readonly string[]): Promise<void>;
  close(): void;
}

export function openBucket(address: S3Address): Bucket {
  const name = plainS3(address);
  const connection = openS3Connection(address);
  const credentials = openCredentials(name);
  let deletesMany = true;
  const full = (key: string) => (address.prefix === '' ? key : `${address.prefix}/${key}`);

  async function sendOnce(request: S3Request): Promise<S3Answer> {
    const keys = await credentials.keys();
    return connection.send(request, keys).catch((error: unknown) => {
      throw connectionFailure(name, error);
    });
  }

  /** An answer with one of the statuses in `good`. */
  async function send(what: string, request: S3Request, good: readonly number[]): Promise<S3Answer> {
    for (let attempt = 1; ; attempt++) {
      const failure = await sendOnce(request).then(
        (answer) => (good.includes(answer.status) ? answer : refused(what, answer)),
        (error: unknown) => error as DroverError,
      );
      if (!(failure instanceof DroverError)) return failure;
      if (failure.code === 'E_STORE_AUTH') credentials.forget();
      if (attempt === TRIES || catalogue[failure.code].passes !== true) throw failure;
      await sleep(FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }

  function refused(what: string, { status, headers, body }: S3Answer): DroverError {
    const text = body.subarray(0, MOST_ANSWER).toString();
    const tag = (tagName: string) => new RegExp(`<${tagName}>([^<]*)<`).exec(text)?.[1] ?? '';
    const region = headers['x-amz-bucket-region'] ?? tag('Region');
    const elsewhere = region && region !== address.region ? ` The bucket is in region ${region}.` : '';
    return refusalFailure(name, what, {
      status,
      code: tag('Code'),
      message: `${tag('Message')}${elsewhere}`,
    });
  }

  /** Up to MOST_DELETED, in one request if the server knows how. */
  async function deleteSome(keys: readonly string[]): Promise<void> {
    if (keys.length > 1 && deletesMany && keys.every(isPlainInXml)) {
      const objects = keys.map((key) => `<Object><Key>${escaped(key)}</Key></Object>`).join('');
      const body = Buffer.from(`<Delete><Quiet>true</Quiet>${objects}</Delete>`);
      const headers = { 'content-md5': hash('md5', body, 'base64') };
      const request: S3Request = {
        method: 'POST',
        key: null,
        query: { delete: '' },
        headers,
        body,
        mostBytes: MOST_LIST,
      };
      const answer = await send('delete', request, [200, 400, 403, 404, 405, 501]);
      if (answer.status === 200 && !answer.body.includes('<Error>')) return;
      deletesMany = answer.status === 200; // what was refused is told below, one by one
    }
    for (let from = 0; from < keys.length; from += DELETED_AT_ONCE)
      await Promise.all(keys.slice(from, from + DELETED_AT_ONCE).map(deleteOne));
  }

  async function deleteOne(key: string): Promise<void> {
    await send('delete', { method: 'DELETE', key, mostBytes: MOST_ANSWER }, [200, 204, 404]);
  }

  return {
    name,
    async put(key, body, isNew) {
      const headers: Record<string, string> = isNew ? { 'if-none-match': '*' } : {};
      const request: S3Request = { method: 'PUT', key: full(key), headers, body, mostBytes: MOST_ANSWER };
      const { status } = await send('put', request, isNew ? [200, 201, 412] : [200, 201]);
      return status === 412 ? 'exists' : 'written';
    },
    async putIfNew(key, body) {
      const headers = { 'if-none-match': '*' };
      const request: S3Request = { method: 'PUT', key: full(key), headers, body, mostBytes: MOST_ANSWER };
      return (await send('put', request, [200, 201, 400, 412, 501])).status === 412;
    },
    async get(key, mostBytes, range) {
      const headers: Record<string, string> = range ? { range: `bytes=${range.from}-${range.to - 1}` } : {};
      const answer = await send(
        'get',
        { method: 'GET', key: full(key), headers, mostBytes },
        [200, 206, 404],
      );
      if (answer.status === 404) {
        if (answer.body.includes('NoSuchBucket')) throw refused('get', answer);
        return null;
      }
      return range && answer.status === 200 ? answer.body.subarray(range.from, range.to) : answer.body;
    },
    async list(folder, start = '') {
      const found: ListedObject[] = [];
      let token: string | null = null;
      do {
        const query = {
          'list-type': '2',
          prefix: folder === '' ? full(start) : `${full(folder)}/${start}`,
          ...(token && { 'continuation-token': token }),
        };
        const answer = await send('list', { method: 'GET', key: null, query, mostBytes: MOST_LIST }, [200]);
        token = readListing(answer.body.toString(), found);
      } while (token !== null);
      return found;
    },
    async delete(keys) {
      for (let from = 0; from < keys.length; from += MOST_DELETED)
        await deleteSome(keys.slice(from, from + MOST_DELETED).map(full));
    },
    close: () => connection.close(),
  };
}

/** ListObjectsV2. Adds to `found`; returns the token of the next part, or null at the end. */
function readListing(xml: string, found: ListedObject[]): string | null {
  for (const [, entry = ''] of xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
    const key = /<Key>([^<]*)</.exec(entry)?.[1] ?? '';
    const writtenMs = Date.parse(/<LastModified>([^<]*)</.exec(entry)?.[1] ?? '');
    const bytes = Number(/<Size>(\d+)</.exec(entry)?.[1] ?? 0);
    found.push({ name: key.slice(key.lastIndexOf('/') + 1), bytes, writtenMs });
  }
  if (!/<IsTruncated>true</.test(xml)) return null;
  const token = /<NextContinuationToken>([^<]*)</.exec(xml)?.[1];
  return (
    token?.replace(/&(lt|gt|quot|apos|amp|#\d+);/g, (_, entity) => entities[entity] ?? numbered(entity)) ??
    null
  );
}

/** XML has no form for control characters. */
const isPlainInXml = (text: string) => !/[\0-\x1f\ufffe\uffff]/.test(text);
const escaped = (text: string) => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
const numbered = (entity: string) => String.fromCodePoint(Number(entity.slice(1)));
