// A proxy that makes an S3 server one that does not obey If-None-Match. The header is signed, so each request
// is signed anew.
import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { openS3Connection, type S3Request } from '../../../src/records/s3/request.ts';
import { until } from '../signals.ts';
import { ACCESS_KEY, SECRET_KEY } from './radosgw.ts';

/** `ignores`: answers 200, as if it were not there; `refuses`: answers 501. */
export type Unconditional = 'ignores' | 'refuses';

export interface UnconditionalProxy {
  readonly endpoint: string;
  /** The keys of all puts that came. */
  puts(): readonly string[];
  /** Those of puts that had If-None-Match. */
  conditional(): readonly string[];
  stop(): Promise<void>;
}

const KEYS = { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY, sessionToken: null };
/** What is sent on besides the signature. */
const kept = ['range', 'content-md5'];

/** `bucket`: the only one that it serves. */
export async function startUnconditionalProxy(
  target: string,
  bucket: string,
  how: Unconditional,
): Promise<UnconditionalProxy> {
  const connection = openS3Connection({
    ...{ kind: 's3', endpoint: target, bucket, prefix: '', region: 'us-east-1' },
  });
  const puts: string[] = [];
  const conditional: string[] = [];
  const server = createServer(async (incoming, outgoing) => {
    try {
      const isConditional = incoming.headers['if-none-match'] !== undefined;
      const request = await requestOf(incoming, bucket);
      if (request.method === 'PUT') puts.push(request.key ?? '');
      if (isConditional) conditional.push(request.key ?? '');
      if (isConditional && how === 'refuses') {
        outgoing.writeHead(501).end('<Error><Code>NotImplemented</Code></Error>');
        return;
      }
      const { status, body } = await connection.send(request, KEYS);
      outgoing.writeHead(status).end(body);
    } catch {
      outgoing.destroy(); // the server is away
    }
  }).listen(0, '127.0.0.1');
  await until(() => server.listening, { what: 'listening' });
  const { port } = server.address() as { port: number };
  return {
    endpoint: `http://127.0.0.1:${port}`,
    puts: () => puts,
    conditional: () => conditional,
    async stop() {
      connection.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function requestOf(incoming: IncomingMessage, bucket: string): Promise<S3Request> {
  const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://proxy.example');
  const key = decodeURIComponent(pathname).slice(`/${bucket}/`.length);
  const headers = kept.flatMap((name) => {
    const value = incoming.headers[name];
    return typeof value === 'string' ? [[name, value]] : [];
  });
  return {
    method: incoming.method as S3Request['method'],
    key: key || null,
    query: Object.fromEntries(searchParams),
    headers: Object.fromEntries(headers),
    body: await buffer(incoming),
    mostBytes: 2 ** 28,
  };
}
