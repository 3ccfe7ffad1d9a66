// Idle sockets: bounded in time and number, and nothing is left behind of connections that never came to be.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { PassThrough } from 'node:stream';
import test from 'node:test';
import tls from 'node:tls';
import { createAgents } from '../../../../src/fetch/connection/agent.ts';
import { IdleSockets, idleMsOf } from '../../../../src/fetch/connection/idle-sockets.ts';
import { guardOf } from '../../../../src/fetch/guard.ts';
import { createNames } from '../../../../src/fetch/names/lookup.ts';
import { closing } from '../../../support/fetching.ts';
import { until } from '../../../support/signals.ts';
import { startRefusing } from '../../../support/site/hostile.ts';

test('Keep-Alive is read as servers write it', () => {
  assert.equal(idleMsOf(undefined), 4000);
  assert.equal(idleMsOf('max=5'), 4000);
  assert.equal(idleMsOf('timeout=5'), 4000);
  assert.equal(idleMsOf('max=100, timeout=20'), 19_000);
  assert.equal(idleMsOf('Timeout = "15"'), 14_000);
  assert.equal(idleMsOf('timeout=0'), 0);
  assert.equal(idleMsOf('timeout=86400'), 60_000);
});

test('beyond the most that are kept, the socket that has been idle longest is closed', (t) => {
  const idle = closing(t, new IdleSockets(2));
  const [first, second, third, fourth] = [1, 2, 3, 4].map(() => new PassThrough());
  assert.ok(first && second && third && fourth);
  for (const socket of [first, second]) assert.ok(idle.keep(socket));
  idle.remove(first); // in use again, and idle again: now the second is the oldest
  for (const socket of [first, third]) assert.ok(idle.keep(socket));
  assert.deepEqual([first.destroyed, second.destroyed, third.destroyed], [false, true, false]);
  idle.remove(first);
  idle.keep(fourth);
  assert.deepEqual([first.destroyed, third.destroyed], [false, false]);
});

test('a socket is closed when its time is over, unless it is in use again', async (t) => {
  const idle = closing(t, new IdleSockets(10));
  const [used, left] = [new PassThrough(), new PassThrough()];
  for (const socket of [used, left]) {
    idle.announce(socket, 100);
    assert.ok(idle.keep(socket));
  }
  idle.remove(used);
  await until(() => left.destroyed, { what: 'the end of the idle socket' });
  assert.ok(!used.destroyed);
});

test('an agent keeps nothing of hosts that cannot be connected to', async (t) => {
  const { url } = await startRefusing();
  const names = closing(t, createNames({ servers: [] }));
  const guard = guardOf({ cidrs: ['127.0.0.0/8'], hosts: [] });
  const idle = closing(t, new IdleSockets(10));
  const agents = createAgents({
    route: null,
    network: null,
    guard,
    names,
    idle,
    secureContext: () => tls.createSecureContext(),
  });
  for (const target of [url, 'http://10.0.0.1:1/']) {
    const [error] = await once(http.get(target, { agent: agents.http }), 'error');
    assert.match(error.message, /ECONNREFUSED|E_SSRF/);
  }
  assert.deepEqual(Object.keys(agents.http.sockets), []);
});
