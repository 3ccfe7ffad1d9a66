// The proxy of the browser, asked by hand: who may use it, and where it leads.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { readProxyAddress } from '../../../src/config/proxy-address.ts';
import { failure } from '../../../src/errors.ts';
import { createNames } from '../../../src/fetch/names/lookup.ts';
import type { ProxySource } from '../../../src/fetch/proxy/source.ts';
import { RenderProxy } from '../../../src/render/proxy.ts';
import { Traffic } from '../../../src/render/traffic.ts';
import { startOwnProxy } from '../../support/proxies/own-proxy.ts';

const allow = { cidrs: ['127.0.0.1/32'], hosts: [] };
const names = createNames({ servers: [] });
const asked: string[] = [];
const server = http.createServer((request, answer) => {
  asked.push(`${request.headers.host}${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
  answer.end('from the server');
});
let proxy: RenderProxy;
let port: number;

before(async () => {
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
  proxy = await RenderProxy.open({ names, network: null });
});
after(() => {
  proxy.close();
  names.close();
  server.closeAllConnections();
  server.close();
});

function admitted(proxies: ProxySource | null = null) {
  const traffic = new Traffic({
    ...{ allow, loads: [], maxBytes: 100_000, knowHost: async () => undefined },
    mayAsk: async (url) => (url.includes('/closed') ? failure('E_ROBOTS') : null),
  });
  const { login, leave } = proxy.admit({ traffic, allow, proxies, home: '', headers: {} });
  const basic = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  return { traffic, leave, authorization: `Proxy-Authorization: Basic ${basic}\r\n` };
}

/** Sends a head to the proxy, and what follows once it has answered; resolves with all that comes. */
async function say(head: string, then = ''): Promise<string> {
  const { hostname, port: ofProxy } = new URL(proxy.url);
  const socket = net.connect(Number(ofProxy), hostname);
  let text = '';
  socket.write(head);
  socket.on('error', () => undefined);
  for await (const chunk of socket) {
    text += chunk;
    if (then !== '') socket.write(then);
    then = '';
    if (/from the server|Proxy-Authenticate|proxy-authenticate| 403 /.test(text)) break;
  }
  socket.destroy();
  return text;
}

const get = 'GET /page HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';

test('nobody else on the machine can use it', async () => {
  const target = `127.0.0.1:${port}`;
  const wrong = `Proxy-Authorization: Basic ${Buffer.from('page-1:wrong').toString('base64')}\r\n`;
  for (const login of ['', wrong]) {
    assert.match(
      await say(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${login}\r\n`),
      /^HTTP\/1.1 407/,
    );
    assert.match(
      await say(`GET http://${target}/x HTTP/1.1\r\nHost: ${target}\r\n${login}\r\n`),
      /^HTTP\/1.1 407/,
    );
  }
  assert.deepEqual(asked, []);
});

test('a tunnel and a plain request lead to the checked address, without the login', async () => {
  const { traffic, leave, authorization } = admitted();
  const target = `127.0.0.1:${port}`;
  const tunnelled = await say(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`, get);
  assert.match(tunnelled, /^HTTP\/1.1 200[\s\S]*from the server/);
  const plain = await say(`GET http://${target}/plain HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`);
  assert.match(plain, /^HTTP\/1.1 200[\s\S]*from the server/);
  assert.deepEqual(asked, ['h/page', `${target}/plain`]);
  assert.ok(traffic.bytes > 200, `${traffic.bytes} bytes`);
  leave();
  assert.match(
    await say(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`),
    /^HTTP\/1.1 407/,
  );
});

test('what is private, or forbidden by robots.txt, is refused and named; nothing reaches it', async () => {
  asked.length = 0;
  const { traffic, leave, authorization } = admitted();
  const head = (method: string, target: string) =>
    `${method} ${target} HTTP/1.1\r\nHost: h\r\n${authorization}\r\n`;
  for (const target of [`127.0.0.2:${port}`, `[::1]:${port}`, '169.254.169.254:80', '0.0.0.0:80'])
    assert.match(await say(head('CONNECT', target)), /^HTTP\/1.1 403/, target);
  assert.match(await say(head('GET', `http://127.0.0.2:${port}/x`)), /^HTTP\/1.1 403/);
  assert.match(await say(head('GET', `http://127.0.0.1:${port}/closed`)), /^HTTP\/1.1 403/);
  leave();
  const codes = traffic.told([]).refused.map(({ code }) => code);
  assert.deepEqual(new Set(codes), new Set(['E_SSRF', 'E_ROBOTS']));
  assert.deepEqual(asked, []);
});

test('each page goes through the proxy of its own session', async (t) => {
  asked.length = 0;
  const own = await startOwnProxy(t);
  const picked: string[] = [];
  const ofSession: ProxySource = {
    isByName: false,
    async pick(url) {
      picked.push(url.host);
      return { kind: 'proxy', proxy: readProxyAddress(own.url), done: () => undefined };
    },
  };
  const target = `127.0.0.1:${port}`;
  for (const proxies of [ofSession, null]) {
    const { leave, authorization } = admitted(proxies);
    const head = `GET http://${target}/via HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`;
    assert.match(await say(head), /^HTTP\/1.1 200[\s\S]*from the server/);
    leave();
  }
  assert.deepEqual(picked, [target], 'the other page has none');
  assert.deepEqual(own.asked, [target]);
  assert.deepEqual(asked, [`${target}/via`, `${target}/via`]);
});
