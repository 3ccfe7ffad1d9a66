// One signed request to S3 with limits of time and size. Only this file imports aws4fetch, which signs (AWS
// Signature Version 4); node:http sends.
import { hash } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { AwsV4Signer } from 'aws4fetch';
import type { AwsKeys } from '../../config/aws-profile.ts';
import { isAws, type S3Address } from '../../config/s3-address.ts';

/** Nothing may be silent for so long, and no answer may take longer than the second. */
const SILENT_MS = 20_000;
const WHOLE_MS = 60_000;
/** A large object may take longer: as long as so many bytes go out each second. */
const LEAST_BYTES_A_SECOND = 256 * 1024;
const MOST_SOCKETS = 16;

export interface S3Request {
  method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD';
  /** Null: the bucket itself. */
  key: string | null;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  body?: Buffer;
  /** The size limit of the answer, in bytes. */
  mostBytes: number;
}

export interface S3Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export interface S3Connection {
  /** Throws the error of the connection, or one that says which limit was passed. */
  send(request: S3Request, keys: AwsKeys): Promise<S3Answer>;
  close(): void;
}

export function openS3Connection(address: S3Address): S3Connection {
  const base = new URL(address.endpoint);
  const client = base.protocol === 'https:' ? https : http;
  const agent = new client.Agent({ keepAlive: true, maxSockets: MOST_SOCKETS, timeout: SILENT_MS });
  const cache = new Map<string, ArrayBuffer>();
  return {
    async send(request, keys) {
      const wholeMs = WHOLE_MS + Math.ceil((1000 * (request.body?.length ?? 0)) / LEAST_BYTES_A_SECOND);
      const signal = AbortSignal.timeout(wholeMs);
      const { url, headers } = await signed(address, request, keys, cache);
      const sent = client.request(url, {
        ...{ method: request.method, agent, signal, timeout: SILENT_MS },
        headers: { ...headers, 'content-length': String(request.body?.length ?? 0) },
      });
      sent.on('timeout', () => sent.destroy(new Error(`nothing came for ${SILENT_MS / 1000} s`)));
      const answered = once(sent, 'response') as Promise<[IncomingMessage]>;
      sent.end(request.body);
      try {
        const [response] = await answered;
        const body = await readWhole(response, request.mostBytes);
        return { status: response.statusCode ?? 0, headers: response.headers, body };
      } catch (error) {
        sent.destroy();
        if (signal.aborted)
          throw new Error(`no whole answer within ${Math.round(wholeMs / 1000)} s`, { cause: error });
        throw error;
      }
    },
    close: () => agent.destroy(),
  };
}

async function readWhole(response: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > mostBytes) throw new Error(`the answer is larger than ${mostBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

const strict = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

async function signed(
  { endpoint, bucket, region }: S3Address,
  { method, key, query = {}, headers = {}, body }: S3Request,
  { accessKeyId, secretAccessKey, sessionToken }: AwsKeys,
  cache: Map<string, ArrayBuffer>,
): Promise<{ url: URL; headers: Record<string, string> }> {
  const url = new URL(endpoint);
  // A certificate of AWS does not hold for names with a dot in the bucket.
  const inHost = isAws(endpoint) && !bucket.includes('.');
  if (inHost) url.host = `${bucket}.${url.host}`;
  const path = key === null ? '' : key.split('/').map(strict).join('/');
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${inHost ? '' : `${bucket}${key === null ? '' : '/'}`}${path}`;
  url.search = Object.entries(query)
    .map(([name, value]) => `${strict(name)}=${strict(value)}`)
    .join('&');
  const signer = new AwsV4Signer({
    ...{ method, url: url.href, accessKeyId, secretAccessKey, region, service: 's3', cache },
    ...(sessionToken === null ? {} : { sessionToken }),
    headers: { ...headers, 'x-amz-content-sha256': hash('sha256', body ?? '', 'hex') },
  });
  return { url, headers: Object.fromEntries((await signer.sign()).headers) };
}
