// From where connections are made, to which addresses, and whom TLS trusts: as the operator says, and for
// nobody else.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AllowList } from '../../src/fetch/guard.ts';
import type { NetworkSettings } from '../../src/fetch/network/settings.ts';
import { type CommandRunner, openCommandRunner, recordsOf } from '../support/crawls.ts';
import { answered, closing, failed, fetcherFor, requestTo, textOf } from '../support/fetching.ts';
import { answerOf, startRaw, startSilentConnect } from '../support/site/hostile.ts';
import { startTls } from '../support/site/hostile-tls.ts';
import { startSite } from '../support/site/site.ts';
import { temporaryFile } from '../support/temporary.ts';

const pem = (name: string) =>
  fileURLToPath(new URL(`../support/site/certificates/${name}.pem`, import.meta.url));

const network = (given: Partial<NetworkSettings>): { network: NetworkSettings } => ({
  network: { interface: null, resolve: [], ca: [], clientCert: [], clientKey: [], insecure: [], ...given },
});

/** Answers with the address that the connection came from. */
const startMirror = (host = '127.0.0.1', port = 0) =>
  startRaw((socket) => socket.write(answerOf(socket.remoteAddress ?? '')), undefined, { host, port });

/** Answers with the name in the certificate that the client has shown; '-' for none. */
async function startAskingForCertificates(t: TestContext): Promise<number> {
  const both = readFileSync(pem('good'));
  const server = https.createServer(
    { key: both, cert: both, ca: readFileSync(pem('ca')), requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      const { authorized } = request.socket as import('node:tls').TLSSocket;
      response.end(authorized ? 'shown' : '-');
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  t.after(() => server.closeAllConnections());
  return (server.address() as AddressInfo).port;
}

test('connections begin at the address or the interface that is named', async (t) => {
  const server = closing(t, await startMirror());
  const from = async (name: string) =>
    textOf(answered(await fetcherFor(t, network({ interface: name })).fetch(requestTo(server.url))));
  assert.equal(await from('127.0.0.9'), '127.0.0.9');
  const [lo] =
    Object.entries(networkInterfaces()).find(([, all]) => all?.some(({ internal }) => internal)) ?? [];
  assert.equal(await from(lo ?? ''), '127.0.0.1');
});

test('an interface without the family of the server is said, as is one that does not exist', async (t) => {
  const server = closing(t, await startMirror());
  const six = fetcherFor(t, network({ interface: '::1' }));
  const failure = failed(await six.fetch(requestTo(server.url)), 'E_CONNECT_UNREACHABLE');
  assert.match(failure.message, /127\.0\.0\.1 has IPv4 alone, and --interface ::1 has none/);
  assert.equal(server.connections.accepted, 0);
  assert.throws(() => fetcherFor(t, network({ interface: 'nonesuch0' })), {
    code: 'E_SETTING',
    message: /no interface "nonesuch0"; it has .*lo/,
  });
});

test('a pinned name is not looked up, at its port alone; * stands for all that have none', async (t) => {
  const server = closing(t, await startMirror('127.0.0.2'));
  const { port } = server;
  const pins = [`one.test:${port}:127.0.0.2`, `*:${port}:127.0.0.3`, `one.test:1:127.0.0.4`];
  const fetcher = fetcherFor(t, { ...network({ resolve: pins }), dnsServers: ['127.0.0.1:9'] });
  assert.equal(answered(await fetcher.fetch(requestTo(`http://One.test:${port}/`))).address, '127.0.0.2');
  failed(await fetcher.fetch(requestTo(`http://two.test:${port}/`)), 'E_CONNECT_REFUSED');
  assert.equal(await fetcher.addressOf('one.test'), '127.0.0.2');
  const elsewhere = requestTo(`http://two.test:${port + 1}/`, {
    timeouts: { ...requestTo('').timeouts, dns: 50 },
  });
  const { failure } = (await fetcher.fetch(elsewhere)) as { failure: { code: string } };
  assert.ok(['E_DNS_TIMEOUT', 'E_DNS_TEMPORARY'].includes(failure.code), failure.code);
});

test('a pin is no way around the guard', async (t) => {
  const server = closing(t, await startMirror());
  const fetcher = fetcherFor(t, network({ resolve: [`www.example.com:${server.port}:127.0.0.1,::1`] }));
  const allow: AllowList = { cidrs: [], hosts: [] };
  const failure = failed(
    await fetcher.fetch(requestTo(`http://www.example.com:${server.port}/`, { allow })),
    'E_SSRF',
  );
  assert.match(failure.message, /www\.example\.com has the address 127\.0\.0\.1 \(loopback\)/);
  assert.equal(server.connections.accepted, 0);
});

test('an address that does not answer is passed over after 250 ms, and its attempt is given up', async (t) => {
  const silent = closing(t, await startSilentConnect());
  const port = Number(new URL(silent.url).port);
  const server = closing(t, await startMirror('::1', port));
  const fetcher = fetcherFor(t, network({ resolve: [`two.test:${port}:127.0.0.1,[::1]`] }));
  const answer = answered(await fetcher.fetch(requestTo(`http://two.test:${port}/`)));
  assert.ok(isIPv6(answer.address ?? ''));
  assert.equal(server.connections.accepted, 1);
  const { connect } = answer.timings;
  assert.ok(connect !== null && connect >= 240 && connect < 3000, `${connect} ms`);
  if (process.platform !== 'linux') return;
  // State 02 is SYN_SENT; those that fill the queue of the silent server are in it too, each to be counted.
  const waiting = async () =>
    (await readFile('/proc/self/net/tcp', 'utf8'))
      .split('\n')
      .filter((line) => line.includes(`:${port.toString(16).toUpperCase().padStart(4, '0')} 02`)).length;
  const before = await waiting();
  answered(await fetcher.fetch(requestTo(`http://two.test:${port}/again`)));
  assert.equal(await waiting(), before);
});

test('an address that refuses is passed over at once, and the failure names the first', async (t) => {
  const server = closing(t, await startMirror('127.0.0.2'));
  const { port } = server;
  const pins = [`two.test:${port}:[::1],127.0.0.2`, `none.test:${port}:[::1],127.0.0.3`];
  const fetcher = fetcherFor(t, network({ resolve: pins }));
  const { timings } = answered(await fetcher.fetch(requestTo(`http://two.test:${port}/`)));
  assert.ok((timings.connect ?? 1000) < 240, `${timings.connect} ms`);
  failed(await fetcher.fetch(requestTo(`http://none.test:${port}/`)), 'E_CONNECT_REFUSED');
});

test('--ca is trusted besides the authorities of Node; without it the server is refused', async (t) => {
  const { url } = closing(t, await startTls('good'));
  answered(await fetcherFor(t, network({ ca: [pem('ca')] })).fetch(requestTo(url)));
  failed(await fetcherFor(t, network({ interface: '127.0.0.1' })).fetch(requestTo(url)), 'E_TLS_SELF_SIGNED');
});

test('--insecure holds for the named host and port alone', async (t) => {
  const { port } = closing(t, await startTls('self-signed'));
  const wrongName = closing(t, await startTls('wrong-name'));
  const named = fetcherFor(t, network({ insecure: ['127.0.0.1'] }));
  answered(await named.fetch(requestTo(`https://127.0.0.1:${port}/`)));
  answered(await named.fetch(requestTo(wrongName.url)));
  failed(await named.fetch(requestTo(`https://localhost:${port}/`)), 'E_TLS_SELF_SIGNED');
  const atPort = fetcherFor(t, network({ insecure: [`127.0.0.1:${port}`] }));
  answered(await atPort.fetch(requestTo(`https://127.0.0.1:${port}/`)));
  failed(await atPort.fetch(requestTo(wrongName.url)), 'E_TLS_SELF_SIGNED');
});

test("a client certificate is shown to its host, or to the seeds' hosts, and to nobody else", async (t) => {
  const port = await startAskingForCertificates(t);
  const shown = async (clientCert: string, host: string, allow?: AllowList) => {
    const fetcher = fetcherFor(t, network({ ca: [pem('ca')], clientCert: [clientCert] }));
    const request = requestTo(`https://${host}:${port}/`, allow ? { allow } : {});
    return textOf(answered(await fetcher.fetch(request)));
  };
  const file = pem('good');
  assert.equal(await shown(`localhost=${file}`, 'localhost'), 'shown');
  assert.equal(await shown(`LOCALHOST:${port}=${file}`, 'localhost'), 'shown');
  assert.equal(await shown(`localhost:1=${file}`, 'localhost'), '-');
  assert.equal(await shown(`localhost=${file}`, '127.0.0.1'), '-');
  assert.equal(await shown(file, 'localhost'), '-');
  const seeds = { cidrs: ['127.0.0.0/8', '::1'], hosts: [`localhost:${port}`] };
  assert.equal(await shown(file, 'localhost', seeds), 'shown');
  assert.equal(await shown(file, '127.0.0.1', seeds), '-');
});

const runnerFor = (): Promise<CommandRunner> => openCommandRunner({});

test('a crawl, its robots.txt and the fetches of its handlers on threads obey all of it', async (t) => {
  const port = await startAskingForCertificates(t);
  const site = await startSite({ pages: 3 });
  t.after(() => site.stop());
  const sitePort = new URL(site.url).port;
  const handler = await temporaryFile(
    'handler.mjs',
    `export default { name: 'asks', blocking: true, async run({ fetch, emit }) {
      emit({ said: (await fetch('https://localhost:${port}/')).text });
    } };`,
  );
  const runner = await runnerFor();
  const out = runner.path('out.jsonl');
  const { code, stderr } = await runner.run([
    ...['crawl', `http://www.pinned.test:${sitePort}/`, '-o', out, '--depth', '0', '--processes', '1'],
    ...['--resolve', `www.pinned.test:${sitePort}:127.0.0.1`, '--interface', '127.0.0.5'],
    ...['--ca', pem('ca'), '--client-cert', `localhost=${pem('good')}`, '--insecure', 'b.localhost'],
    ...['--handler', handler, '--allow-private', '127.0.0.0/8'],
  ]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /warning: --insecure: the certificates of b\.localhost are not verified/);
  const [record] = await recordsOf(out);
  assert.deepEqual(record?.items, [{ handler: 'asks', item: { said: 'shown' } }]);
  const log = await site.log();
  assert.ok(log.some(({ path }) => path === '/robots.txt'));
  assert.deepEqual([...new Set(log.map(({ remoteAddress }) => remoteAddress))], ['127.0.0.5']);
});

test('what cannot be used ends the command before anything is fetched', async () => {
  const runner = await runnerFor();
  const crawl = async (...flags: string[]) => {
    const { code, stderr } = await runner.run(['crawl', 'http://127.0.0.1:9/', ...flags]);
    assert.notEqual(code, 0);
    return stderr;
  };
  assert.match(
    await crawl('--interface', '192.0.2.1'),
    /--interface 192\.0\.2\.1: this machine has no such address/,
  );
  assert.match(
    await crawl('--client-cert', '/nonexistent.pem'),
    /--client-cert \/nonexistent\.pem: there is no such/,
  );
  assert.match(await crawl('--insecure', '*'), /--insecure: expected the name of one host/);
});
