// The guard of addresses, through the whole program: names that say one address when asked and another when
// asked again, or several at once. What listens inside must never see a connection. Some addresses of
// loopback stand for public ones, so that no test sends anything beyond this machine.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer as createSite, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import test, { after, before } from 'node:test';
import type { CrawlRecord } from '../../../src/record.ts';
import { assertAddsUp, type CommandRunner, openCommandRunner, recordsOf } from '../crawls.ts';
import { type NameServer, startNameServer } from '../name-server.ts';
import { addresses, allowed, inside, outside, turning } from './names.ts';

interface Way {
  /** Called before the crawl; returns its further arguments. */
  begin: () => Promise<string[]>;
  /** The code of a name whose address outside refuses the connection. */
  deafCode: string;
  /** Called with the addresses of the clients outside, after all tests. */
  end?: (clients: ReadonlySet<string>) => void;
}

/** Tests that nothing inside is connected to, whichever way the crawl takes. */
export function testRebinding({ begin, deafCode, end = () => undefined }: Way): void {
  const turned = new Set<string>();
  /** Longer than the least time for which the answer of a name server is kept, whatever its TTL. */
  const forgottenMs = 1200;

  const ports = { shared: 0, own: 0 };
  const seenInside: string[] = [];
  const seenOutside: string[] = [];
  const seenOwn: string[] = [];
  const clients = new Set<string>();

  function addressesOf(name: string, type: 'A' | 'AAAA', count: number): string[] {
    if (name === turning.outward) return [count === 1 ? inside : outside];
    if (!Object.values(turning).includes(name)) return addresses[name] ?? [];
    const answer = [turned.has(name) ? inside : outside];
    if (name === turning.atQuestion && type === 'A') turned.add(name);
    return answer;
  }

  /**
   * Closes its connections, so that the next request asks for the name again; but for one name, which has
   * turned by then.
   */
  function answerOutside(request: IncomingMessage, response: ServerResponse): void {
    const [name = ''] = request.headers.host?.split(':') ?? [];
    const path = request.url ?? '';
    seenOutside.push(name + path);
    clients.add(request.socket.remoteAddress ?? '');
    response.shouldKeepAlive = name === turning.atQuestion;
    const redirect = (host: string) =>
      response.writeHead(302, { location: `http://${host}:${ports.shared}/` }).end();
    if (path === '/robots.txt') {
      if (name === 'robots-inside.example') redirect('inside.example');
      else if (name === turning.afterRobots || name === turning.atHop) {
        turned.add(name);
        setTimeout(() => response.writeHead(404).end(), forgottenMs);
      } else response.writeHead(404).end();
    } else if (path.startsWith('/to/')) {
      redirect(path.slice('/to/'.length));
    } else {
      if (name === turning.afterPage) turned.add(name);
      response.writeHead(name === turning.afterPage ? 500 : 200).end('outside');
    }
  }

  /** Any connection counts; the bytes say whose it is. */
  function listenInside(): Server {
    return createServer((socket) => {
      const at = seenInside.push('a connection') - 1;
      socket.on('data', (bytes) => {
        seenInside[at] += ` ${bytes.toString('latin1').slice(0, 200)}`;
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret');
      });
      socket.on('error', () => undefined);
    });
  }

  async function listen(server: Server, port: number, host: string): Promise<number> {
    server.listen(port, host);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  const servers: Server[] = [];

  /** One port, inside and outside. A machine without IPv6 has nothing inside at ::1. */
  async function listenEverywhere(): Promise<void> {
    const started = (server: Server) => {
      servers.push(server);
      return server;
    };
    for (let attempt = 1; ports.shared === 0; attempt++) {
      const port = await listen(started(listenInside()), 0, inside);
      const site = started(createSite(answerOutside));
      // A port that is free at one address may be taken at the next.
      if (await listen(site, port, outside).catch((error) => attempt === 10 && Promise.reject(error))) {
        ports.shared = port;
      }
    }
    await listen(started(listenInside()), ports.shared, '::1').catch(() => undefined);
    const own = createSite((request, response) => {
      seenOwn.push(`${request.headers.host}${request.url}`);
      response.end('own');
    });
    ports.own = await listen(started(own), 0, inside);
  }

  interface Fate {
    promise: string;
    seed: () => string;
    /** "fetched", or the code of the dead letter. */
    fate: string;
    attempts?: number;
    finalUrl?: () => string;
  }

  const at = (host: string, path = '/') => `http://${host}:${ports.shared}${path}`;
  const refusedAtOnce = (host: string, says: string): Fate => ({
    promise: `a name that says ${says} is refused`,
    seed: () => at(host),
    fate: 'E_SSRF',
  });
  const refusedAtHop = (host: string, says: string): Fate => ({
    promise: `a redirect from outside to ${says} is refused`,
    seed: () => at('outside.example', `/to/${host}`),
    fate: 'E_SSRF',
    finalUrl: () => new URL(at(host)).href,
  });

  const fates: Fate[] = [
    refusedAtOnce('inside.example', inside),
    refusedAtOnce('zero.example', '0.0.0.0'),
    refusedAtOnce('six.example', '::1'),
    refusedAtOnce('six-zero.example', '::'),
    refusedAtOnce('mapped.example', '::ffff:127.0.0.1'),
    refusedAtOnce('compatible.example', '::127.0.0.1'),
    refusedAtOnce('nat64.example', '64:ff9b::7f00:1'),
    refusedAtHop('inside.example', 'a name inside'),
    refusedAtHop('mapped.example', 'a name inside, as IPv6'),
    refusedAtHop(inside, 'an address inside'),
    refusedAtHop('[::1]', 'an address inside, of IPv6'),
    refusedAtHop(turning.atHop, 'a name that is outside for robots.txt and inside for the page'),
    {
      promise: 'of an address inside and one outside, the one outside is connected to',
      seed: () => at('inside-first.example'),
      fate: 'fetched',
    },
    {
      promise: 'and in the other order',
      seed: () => at('outside-first.example'),
      fate: 'fetched',
    },
    {
      promise: 'when the address outside refuses, one inside is not tried instead',
      seed: () => at('deaf-and-inside.example'),
      fate: deafCode,
      attempts: 2,
    },
    {
      promise: 'nor one of IPv6',
      seed: () => at('deaf-and-six.example'),
      fate: deafCode,
      attempts: 2,
    },
    {
      promise:
        'a name that turns inside with its second answer is connected to outside: the one answer serves all',
      seed: () => at(turning.atQuestion),
      fate: 'fetched',
    },
    {
      promise: 'a name that turns inside after a first attempt is refused at the second',
      seed: () => at(turning.afterPage),
      fate: 'E_SSRF',
      attempts: 2,
    },
    {
      promise: 'a name that turns inside after its robots.txt is refused',
      seed: () => at(turning.afterRobots),
      fate: 'E_SSRF',
    },
    {
      promise: 'a name that is inside at first is refused, though its next answer would be outside',
      seed: () => at(turning.outward),
      fate: 'E_SSRF',
    },
    {
      promise: 'a robots.txt that redirects inside is refused, and the page with it',
      seed: () => at('robots-inside.example'),
      fate: 'E_SSRF',
    },
    {
      promise: 'a host and port that the operator named may be inside',
      seed: () => `http://${inside}:${ports.own}/`,
      fate: 'fetched',
    },
    {
      promise: 'another name for that host and port may not',
      seed: () => `http://own.example:${ports.own}/`,
      fate: 'E_SSRF',
    },
  ];

  let names: NameServer;
  let runner: CommandRunner;
  const records = new Map<string, CrawlRecord>();

  before(async () => {
    const args = await begin();
    await listenEverywhere();
    names = await startNameServer((name, type, count) => ({
      addresses: addressesOf(name, type, count),
      ttlSeconds: 0,
    }));
    runner = await openCommandRunner();
    await writeFile(runner.path('list.txt'), fates.map(({ seed }) => seed()).join('\n'));
    const { code, stderr } = await runner.run(
      [
        ...[
          'crawl',
          runner.path('list.txt'),
          '--crawl',
          'c',
          '--depth',
          '0',
          '-o',
          runner.path('out.ndjson'),
        ],
        ...['--dns-server', names.address, '--allow-private', allowed, '--timeout-connect', '2000'],
        // The second attempt comes when the first answer is forgotten.
        ...['--attempts', '2', '--backoff', String(2 * forgottenMs), '--quiet', ...args],
      ],
      { wholeFile: true },
    );
    assert.equal(code, 1, stderr);
    for (const record of await recordsOf(runner.path('out.ndjson'))) records.set(record.url, record);
  });

  after(() => {
    names.close();
    for (const server of servers) server.close();
  });

  for (const { promise, seed, fate, attempts = 1, finalUrl } of fates) {
    test(promise, () => {
      const record = records.get(new URL(seed()).href);
      assert.ok(record, 'there is a record');
      assert.equal(record.error?.code ?? 'fetched', fate, record.error?.message);
      assert.equal(record.attempts, attempts);
      assert.equal(record.ok, fate === 'fetched');
      if (finalUrl) assert.equal(record.finalUrl, finalUrl());
    });
  }

  test('what listens inside has seen no connection', () => {
    assert.deepEqual(seenInside, []);
    assert.deepEqual(seenOwn, [`${inside}:${ports.own}/robots.txt`, `${inside}:${ports.own}/`]);
  });

  test('the names that turned had been asked again, and the names refused at once had not', () => {
    const asked = (name: string) => names.questions.filter((question) => question === `A ${name}`).length;
    for (const name of [turning.afterPage, turning.afterRobots, turning.atHop]) {
      assert.ok(turned.has(name) && asked(name) >= 2, `${name} was asked for ${asked(name)} times`);
    }
    assert.equal(asked(turning.atQuestion), 1);
    assert.equal(asked(turning.outward), 1);
    const pages = seenOutside.filter((page) => !page.endsWith('/robots.txt'));
    assert.deepEqual(pages.filter((page) => page.startsWith('turns')).sort(), [
      `${turning.afterPage}/`,
      `${turning.atQuestion}/`,
    ]);
  });

  test('the dead letters are counted as such', async () => {
    const counts = await runner.status('c');
    assertAddsUp(counts);
    assert.equal(counts.accepted, fates.length);
    assert.equal(counts.dead, fates.filter(({ fate }) => fate !== 'fetched').length);
  });

  test('who came from outside', () => end(clients));
}
