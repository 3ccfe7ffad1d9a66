// HTTPS servers with good and bad certificates. The files in certificates/ are valid from 2020 to 2120 (the
// expired one until February 2020). Each has its own key; the key of the authority has been deleted.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { startRaw } from './hostile.ts';

export type CertificateName = 'good' | 'expired' | 'wrong-name' | 'self-signed';

const read = (name: string) => readFileSync(new URL(`./certificates/${name}.pem`, import.meta.url), 'utf8');

/** The authority (PEM) that signed all certificates except the self-signed one. */
export const testAuthority = read('ca');

export interface TlsServer {
  /** https://127.0.0.1:PORT/. All certificates except wrong-name are for localhost and 127.0.0.1. */
  readonly url: string;
  readonly port: number;
  /** For each connection, whether it resumed an earlier TLS session. */
  readonly sessionsReused: boolean[];
  close(): Promise<void>;
}

/**
 * Starts a server that answers "hello" to every request. If `keepAlive` is false, each connection has one
 * request.
 */
export async function startTls(certificate: CertificateName, { keepAlive = true } = {}): Promise<TlsServer> {
  const pem = read(certificate);
  const sessionsReused: boolean[] = [];
  const server = https.createServer({ key: pem, cert: pem }, (_request, response) => {
    if (!keepAlive) response.setHeader('connection', 'close');
    response.end('hello');
  });
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.on('secureConnection', (socket) => sessionsReused.push(socket.isSessionReused()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}/`,
    port,
    sessionsReused,
    async close() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Starts a server that accepts TCP connections but never answers a TLS handshake. */
export async function startTlsSilent(): Promise<{ url: string; close(): Promise<void> }> {
  const server = await startRaw(() => undefined);
  return { url: server.url.replace('http:', 'https:'), close: server.close };
}
