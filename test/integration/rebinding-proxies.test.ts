// The same refusals through proxies: drover looks names up and checks their addresses, and a proxy is asked
// for a checked address alone (test/support/rebinding/rebinding.ts).
import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { startOwnProxy } from '../support/proxies/own-proxy.ts';
import { testRebinding } from '../support/rebinding/rebinding.ts';

/** The proxies connect from here. */
const from = '127.0.0.4';
const special = /^(\[|::|0\.0\.0\.0|[a-z])/;

for (const [kind, deafCode] of [
  ['http', 'E_PROXY_REFUSED'],
  ['socks5', 'E_CONNECT_REFUSED'],
] as const)
  describe(`through ${kind}`, () => {
    let asked: readonly string[] = [];
    testRebinding({
      deafCode,
      begin: async () => {
        const proxy = await startOwnProxy({ after }, { kind, from });
        asked = proxy.asked;
        return ['--proxy', proxy.url, '--noproxy', ''];
      },
      end(clients) {
        assert.deepEqual([...clients], [from]);
        assert.deepEqual(
          asked.filter((place) => special.test(place)),
          [],
        );
      },
    });
  });
