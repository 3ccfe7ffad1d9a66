import assert from 'node:assert/strict';
import test from 'node:test';
import { numbered, readProxyAddress } from '../../../../src/config/proxy-address.ts';
import { failure } from '../../../../src/errors.ts';
import { type ProxyList, Rotation } from '../../../../src/fetch/proxy/rotation.ts';
import type { PickedProxy, ProxyPick } from '../../../../src/fetch/proxy/source.ts';

const addresses = (count: number) =>
  numbered(Array.from({ length: count }, (_, at) => readProxyAddress(`http://p${at}.test:1`)));

function rotation(list: ProxyList, most: number | null = null) {
  const clock = { now: 1000 };
  const made = new Rotation({
    ...{ list, most, isByName: false, noProxy: () => false, onResult: () => undefined },
    now: () => clock.now,
  });
  const pick = (host = 'a.test', tried: string[] = []) => made.pick(new URL(`http://${host}/`), tried);
  return { made, pick, clock };
}

function proxyOf(pick: ProxyPick): PickedProxy {
  assert.ok(pick.kind === 'proxy', JSON.stringify(pick));
  return pick;
}

const down = failure('E_PROXY_CONNECT', 'gone.');

test('in turn, those that are left out aside; when none is left, it says why and when to come again', async () => {
  const { pick, clock } = rotation({ kind: 'list', proxies: addresses(3), by: 'round-robin' });
  const names: string[] = [];
  for (let picks = 0; picks < 6; picks++) {
    const { proxy, done } = proxyOf(await pick());
    names.push(proxy.host);
    done(proxy.host === 'p1.test' ? 'unreachable' : 'worked', proxy.host === 'p1.test' ? down : null);
  }
  assert.deepEqual(names, ['p0.test', 'p1.test', 'p2.test', 'p0.test', 'p2.test', 'p2.test']);
  for (const tried of [['http://p0.test:1', 'http://p2.test:1']]) {
    const none = await pick('a.test', tried);
    assert.ok(none.kind === 'none');
    assert.equal(none.failure.code, 'E_PROXY_CONNECT');
    assert.equal(none.againMs, 100);
  }
  clock.now += 5000;
  const trial = proxyOf(await pick('a.test', ['http://p0.test:1', 'http://p2.test:1']));
  assert.equal(trial.proxy.host, 'p1.test');
  assert.equal((await pick('a.test', ['http://p0.test:1', 'http://p2.test:1'])).kind, 'none', 'one tries it');
});

test('by host: the choice is the same in every process, and a proxy that is left out moves its own hosts alone', async () => {
  const list: ProxyList = { kind: 'list', proxies: addresses(5), by: 'host' };
  const [one, other] = [rotation(list), rotation(list)];
  const hosts = Array.from({ length: 200 }, (_, at) => `h${at}.test`);
  const choose = async (by: typeof one) => {
    const chosen = new Map<string, string>();
    for (const host of hosts) {
      const { proxy, done } = proxyOf(await by.pick(host));
      done('worked', null);
      chosen.set(host, proxy.name);
    }
    return chosen;
  };
  const before = await choose(one);
  assert.deepEqual(await choose(other), before);
  const shares = Map.groupBy(before.values(), (name) => name);
  assert.ok([...shares.values()].every(({ length }) => length > 20 && length < 70));
  const { proxy, done } = proxyOf(await one.pick('h0.test'));
  done('unreachable', down);
  const after = await choose(one);
  for (const [host, name] of before) {
    if (name === proxy.name) assert.notEqual(after.get(host), name);
    else assert.equal(after.get(host), name);
  }
});

test('where a proxy would not connect to a host, another is taken for that host, and for it alone', async () => {
  const { pick } = rotation({ kind: 'list', proxies: addresses(2), by: 'host' });
  const first = proxyOf(await pick('a.test'));
  first.done('refused', failure('E_PROXY_REFUSED'));
  assert.notEqual(proxyOf(await pick('a.test')).proxy.name, first.proxy.name);
  const alone = rotation({ kind: 'list', proxies: addresses(1), by: 'host' });
  proxyOf(await alone.pick('a.test')).done('refused', failure('E_PROXY_REFUSED'));
  assert.equal(proxyOf(await alone.pick('a.test')).proxy.host, 'p0.test');
});

test('with a limit, who comes too late waits until one has ended, in the order in which they came', async () => {
  const { pick } = rotation({ kind: 'list', proxies: addresses(1), by: 'round-robin' }, 2);
  const held = [proxyOf(await pick()), proxyOf(await pick())];
  const order: number[] = [];
  const late = [1, 2, 3].map(async (number) => {
    const picked = proxyOf(await pick());
    order.push(number);
    picked.done('worked', null);
    picked.done('worked', null); // a second time counts nothing
  });
  await new Promise(setImmediate);
  assert.deepEqual(order, []);
  held[0]?.done('worked', null);
  await Promise.all(late);
  assert.deepEqual(order, [1, 2, 3]);
});

test('what a function has returned before is told to it while it is left out', async () => {
  const told: (readonly string[])[] = [];
  const { pick } = rotation({
    kind: 'function',
    choose: ({ failed }) => {
      told.push(failed);
      return failed.length > 0 ? null : 'http://u:p@p.test:1';
    },
  });
  const { proxy, done } = proxyOf(await pick());
  assert.equal(proxy.name, 'http://p.test:1');
  done('unreachable', down);
  assert.deepEqual(await pick(), { kind: 'direct' });
  assert.deepEqual(told, [[], ['http://u:p@p.test:1']]);
});
