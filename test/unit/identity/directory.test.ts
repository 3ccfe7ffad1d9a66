import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { agentCard, directoryAnswer, directoryBody, signDirectory } from '../../../src/identity/directory.ts';
import { newKey, thumbprintOf } from '../../../src/identity/keys.ts';
import { type Inner, parseDictionaryField } from '../../support/identity/fields.ts';
import { agentOfVectors, directoryVector, exampleKey } from '../../support/identity/vectors.ts';
import { hasSigned } from '../../support/identity/verifier.ts';

const now = 1_800_000_000;
const facts = {
  ...{
    name: 'Shop bot',
    uri: 'https://bot.example.com/about',
    logo: null,
    contacts: ['mailto:bot@example.com'],
  },
  ...{ userAgent: 'drover/0.1', product: 'drover', purpose: null },
};

test('the published directory is made and signed to the same bytes', () => {
  const body = directoryBody({ keys: [exampleKey] }, now);
  assert.equal(body, directoryVector.body);
  assert.equal(body.length, 154);
  const digest = createHash('sha256').update(body).digest('base64');
  assert.equal(digest, directoryVector.digest);
  const headers = { 'content-digest': `sha-256=:${digest}:` };
  const { signature } = signDirectory(agentOfVectors, headers, exampleKey, directoryVector);
  assert.equal(signature, `:${directoryVector.signature}:`);
});

test('the directory is signed with each of its keys, and says nothing of their private halves', () => {
  const keys = [newKey(), { ...newKey(), nbf: now + 60 }, { ...newKey(), exp: now }];
  const { body, headers } = directoryAnswer({ agent: 'https://bot.example.com', keys }, now);
  for (const { d } of keys) assert.ok(!body.includes(d));
  const listed = JSON.parse(body).keys as { kid: string; nbf?: number }[];
  const kids = keys.slice(0, 2).map((key) => thumbprintOf(key));
  assert.deepEqual(
    listed.map(({ kid }) => kid),
    kids,
  );
  assert.equal(listed[1]?.nbf, now + 60);

  const inputs = [...parseDictionaryField(headers['signature-input'] ?? '')];
  const signatures = parseDictionaryField(headers.signature ?? '');
  assert.equal(inputs.length, 2);
  inputs.forEach(([label, member], at) => {
    const params = Object.fromEntries((member as Inner).params);
    assert.deepEqual([params.keyid, params.tag], [kids[at], 'http-message-signatures-directory']);
    assert.ok(Number(params.created) === now && Number(params.expires) > now);
    const text = (headers['signature-input'] ?? '').split(/, (?=sig)/)[at]?.replace(/^sig\d=/, '');
    const base = [
      '"@authority";req: bot.example.com',
      `"content-digest": ${headers['content-digest']}`,
      `"@signature-params": ${text}`,
    ].join('\n');
    const value = (signatures.get(label) as { value: { bytes: Buffer } }).value.bytes;
    assert.ok(hasSigned(keys[at] as never, base, value), label);
    assert.ok(!hasSigned(keys[at] as never, base.replace('bot.', 'cat.'), value), label);
  });
  assert.equal(headers['content-type'], 'application/http-message-signatures-directory+json');
  const digest = createHash('sha256').update(body).digest('base64');
  assert.equal(headers['content-digest'], `sha-256=:${digest}:`);
});

test('the card’s client_id is where it is served, and its keys are where verifiers look', () => {
  const card = JSON.parse(agentCard({ ...facts, agent: 'https://bot.example.com', keys: [newKey()] }));
  assert.equal(card.client_id, 'https://bot.example.com/.well-known/signature-agent-card');
  assert.equal(card.jwks_uri, 'https://bot.example.com/.well-known/http-message-signatures-directory');
  assert.equal(card.web_bot_auth['rfc9309-product-token'], 'drover');
  assert.ok(!('logo_uri' in card) && !('keys' in card));
  const elsewhere = JSON.parse(
    agentCard({ ...facts, agent: 'https://example.com/bot/keys', keys: [newKey()] }),
  );
  assert.equal(elsewhere.jwks_uri, 'https://example.com/bot/keys');
});
