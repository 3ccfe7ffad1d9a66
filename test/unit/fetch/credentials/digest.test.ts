// The vectors of RFC 7616 section 3.9, and of RFC 2617 and 2069, whose answers servers still ask for.
import assert from 'node:assert/strict';
import test from 'node:test';
import { readChallenges } from '../../../../src/fetch/credentials/challenge.ts';
import { DigestSession, digestChallengeIn } from '../../../../src/fetch/credentials/digest.ts';

function sessionOf(text: string, user: string, password: string, cnonce?: string): DigestSession {
  const challenge = digestChallengeIn(readChallenges(text));
  assert.ok(challenge, text);
  return new DigestSession(challenge, { user, password }, cnonce);
}

/** The parameters of an answer, quotes taken off. */
function fieldsOf(header: string): Record<string, string> {
  const [challenge] = readChallenges(header);
  assert.equal(challenge?.scheme, 'digest');
  return Object.fromEntries(challenge?.params ?? []);
}

const realm = 'realm="http-auth@example.org", qop="auth, auth-int"';
const nonces =
  'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';
const cnonce = 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ';

const vectors: [string, string, string][] = [
  ['SHA-256', 'SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ['MD5', 'MD5', '8ca523f5e9506fed4657c9700eebdbec'],
];
for (const [name, algorithm, response] of vectors)
  test(`RFC 7616 section 3.9.1: ${name}`, () => {
    const text = `Digest ${realm}, algorithm=${algorithm}, ${nonces}`;
    const header = sessionOf(text, 'Mufasa', 'Circle of Life', cnonce).answerTo('GET', '/dir/index.html');
    assert.deepEqual(fieldsOf(header), {
      username: 'Mufasa',
      realm: 'http-auth@example.org',
      uri: '/dir/index.html',
      algorithm,
      nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
      nc: '00000001',
      cnonce,
      qop: 'auth',
      response,
      opaque: 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS',
    });
  });

test('RFC 7616 section 3.9.2: SHA-512-256, userhash and a name that is not ASCII (as erratum 4897 has it)', () => {
  const text =
    'Digest realm="api@example.org", qop="auth", algorithm=SHA-512-256, nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", opaque="HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS", charset=UTF-8, userhash=true';
  const session = sessionOf(
    text,
    'Jäsøn Doe',
    'Secret, or not?',
    'NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v',
  );
  const { username, response, userhash, uri } = fieldsOf(session.answerTo('GET', '/doe.json'));
  assert.equal(username, '793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b');
  assert.equal(response, '3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5');
  assert.deepEqual([userhash, uri], ['true', '/doe.json']);
  const plain = sessionOf(text.replace(', userhash=true', ''), 'Jäsøn Doe', 'x').answerTo('GET', '/');
  assert.match(plain, /username\*=UTF-8''J%C3%A4s%C3%B8n%20Doe,/);
});

test('RFC 2617 section 3.5, whose challenge names no algorithm', () => {
  const text =
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
  const header = sessionOf(text, 'Mufasa', 'Circle Of Life', '0a4f113b').answerTo('GET', '/dir/index.html');
  assert.equal(fieldsOf(header).response, '6629fae49393a05397450978507c4ef1');
  assert.doesNotMatch(header, /algorithm/);
});

test('without qop, as RFC 2069 has it (section 2.4 as erratum 749 corrects it)', () => {
  const text =
    'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
  const header = sessionOf(text, 'Mufasa', 'CircleOfLife').answerTo('GET', '/dir/index.html');
  assert.equal(fieldsOf(header).response, '1949323746fe6a43ef61f9606e7febea');
  assert.doesNotMatch(header, /nc=|cnonce=|qop=/);
});

test('with -sess the secret has the first nonces in it, also after the nonce has changed', async () => {
  const { createHash } = await import('node:crypto');
  const sha = (text: string) => createHash('sha256').update(text).digest('hex');
  const text = 'Digest realm="r", qop="auth", algorithm=SHA-256-sess, nonce="one"';
  const session = sessionOf(text, 'u', 'p', 'c');
  const secret = sha(`${sha('u:r:p')}:one:c`);
  const asked = sha('POST:/a?b=1');
  const expected = (nonce: string, nc: string) => sha(`${secret}:${nonce}:${nc}:c:auth:${asked}`);
  const responses = () => fieldsOf(session.answerTo('POST', '/a?b=1')).response;
  assert.equal(responses(), expected('one', '00000001'));
  assert.equal(responses(), expected('one', '00000002'));
  session.renew('two');
  assert.equal(responses(), expected('two', '00000001'));
});

test('with -sess and without qop, the nonce of the client is sent all the same: the secret has it in', () => {
  const header = sessionOf('Digest realm="r", nonce="n", algorithm=MD5-sess', 'u', 'p', 'c').answerTo(
    'GET',
    '/',
  );
  const { cnonce: sent, nc, qop } = fieldsOf(header);
  assert.deepEqual([sent, nc, qop], ['c', undefined, undefined]);
});

test('what cannot be answered is passed over: other algorithms, auth-int alone, no nonce', () => {
  const asks = (text: string) => digestChallengeIn(readChallenges(text))?.params.get('realm') ?? null;
  assert.equal(asks('Digest realm="a", nonce="n", algorithm=SHA-1'), null);
  assert.equal(asks('Digest realm="a", nonce="n", algorithm=constructor'), null);
  assert.equal(asks('Digest realm="a", nonce="n", qop="auth-int"'), null);
  assert.equal(asks('Digest realm="a", qop="auth"'), null);
  assert.equal(asks('Basic realm="a"'), null);
  assert.equal(
    asks(
      'Digest realm="a", nonce="n", algorithm=SHA-1, Digest realm="b", nonce="n", algorithm=md5-SESS, qop="auth"',
    ),
    'b',
  );
});

test('what a server writes comes back as it was, quotes and backslashes escaped', () => {
  const text = String.raw`Digest realm="a \"b\" \\ ü", nonce="n\"1", opaque="o,=", qop=auth`;
  const header = sessionOf(text, 'na"me\\', 'p').answerTo('GET', '/"');
  const { realm: back, nonce, opaque, username, uri } = fieldsOf(Buffer.from(header, 'latin1').toString());
  assert.deepEqual([back, nonce, opaque, username, uri], ['a "b" \\ ü', 'n"1', 'o,=', 'na"me\\', '/"']);
});
