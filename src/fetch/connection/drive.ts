// Lets got run the request of a hop. This is the only file that imports got.
import got, { type Got, type OptionsInit } from 'got';
import type { Hop } from '../hop.ts';
import type { Target } from '../target.ts';

/** What got makes a request on, in place of a connection of HTTP/1.1. */
export type GotSession = NonNullable<OptionsInit['h2session']>;

/** Runs the request of a hop: on a connection of the hop's agents, or on a session of HTTP/2. */
export type Drive = (hop: Hop, target: Target, session?: GotSession) => void;

export function createDrive(): Drive {
  const client = got.extend({
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: false,
    strictContentLength: false, // Node's parser checks it
  });
  return (hop, target, session) => drive(client, hop, target, session);
}

function drive(client: Got, hop: Hop, { url, method, body }: Target, session?: GotSession): void {
  const way = session === undefined ? { request: () => hop.send() } : { h2session: session };
  const options = body === null ? way : { ...way, body, allowGetBody: true };
  const asked = method === 'GET' ? options : { ...options, method: method as 'GET' };
  const stream = client.stream(url, asked);
  hop.driver = stream;
  stream.on('error', (error) => hop.onError(error));
  stream.once('response', (response) => hop.onResponse(response));
  stream.once('upgrade', (_response, socket) => hop.onUpgrade(socket));
  stream.on('data', (chunk) => hop.onData(chunk));
  stream.once('end', () => hop.onEnd());
  // For a method that may have a body, got waits until the stream is ended.
  if (body === null && method !== 'GET' && method !== 'HEAD') stream.end();
}
