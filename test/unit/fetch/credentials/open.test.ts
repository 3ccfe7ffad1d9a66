import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { readCredentialsFile } from '../../../../src/fetch/credentials/open.ts';
import { temporaryFile } from '../../../support/temporary.ts';

const fileOf = async (content: unknown) => {
  const path = await temporaryFile(
    'credentials.json',
    typeof content === 'string' ? content : JSON.stringify(content),
  );
  await chmod(path, 0o600);
  return path;
};
const origin = 'https://example.com';
const asked = { origin, method: 'GET', uri: '/' };

test('a secret is in the file, in a variable, or in a file of its own beside it', async () => {
  process.env.TEST_PASSWORD = 'from variable';
  const path = await fileOf([
    { origin: 'https://EXAMPLE.com:443/', type: 'basic', user: 'ü', password: 'a:b' },
    { origin: 'https://a.example', type: 'basic', user: 'u', passwordEnv: 'TEST_PASSWORD' },
    { origin: 'http://b.example:8080', type: 'bearer', tokenFile: 'token' },
  ]);
  await writeFile(join(dirname(path), 'token'), 'abc\n');
  const { byOrigin, warnings } = await readCredentialsFile(path);
  const headers = Array.from(byOrigin, ([of, keeper]) => [of, keeper.authorize(asked)]);
  assert.deepEqual(headers, [
    [origin, `Basic ${Buffer.from('ü:a:b').toString('base64')}`],
    ['https://a.example', `Basic ${Buffer.from('u:from variable').toString('base64')}`],
    ['http://b.example:8080', 'Bearer abc'],
  ]);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /http:\/\/b\.example:8080 can be read on the way/);
  await chmod(path, 0o644);
  assert.match((await readCredentialsFile(path)).warnings.join(), /other users of the machine may read it/);
});

test('what is wrong is said with its entry, and never with a secret', async () => {
  const basic = { origin, type: 'basic', user: 'u', password: 'hunter2' };
  const wrong: [unknown, RegExp][] = [
    ['{"password": "hunter2"', /it is no JSON/],
    [{ ...basic }, /expected a list/],
    [['hunter2'], /expected a list/],
    [[], /expected a list/],
    [[{ ...basic, origin: 'example.com' }], /entry 1: expected an origin/],
    [[{ ...basic, origin: 'https://u:hunter2@example.com' }], /entry 1: expected an origin/],
    [[{ ...basic, origin: `${origin}/path` }], /entry 1: expected an origin/],
    [[basic, basic], /entry 2: there is an entry for https:\/\/example\.com before it/],
    [[{ ...basic, type: 'ntlm' }], /expected a type: basic, digest, bearer/],
    [[{ ...basic, token: 'hunter2' }], /basic has no field "token"/],
    [[{ ...basic, passwordEnv: 'X' }], /expected one of password and passwordEnv/],
    [[{ ...basic, password: undefined }], /expected password, passwordEnv or passwordFile/],
    [[{ ...basic, password: undefined, passwordEnv: 'NO_SUCH_VARIABLE' }], /no variable NO_SUCH_VARIABLE/],
    [[{ ...basic, user: 'a:hunter2' }], /holds no colon/],
    [[{ ...basic, user: undefined }], /expected a user/],
    [[{ origin, type: 'bearer' }], /expected token, tokenEnv, tokenFile or refresh/],
    [[{ origin, type: 'bearer', token: 'hunter2\n' }], /visible ASCII/],
  ];
  for (const [content, message] of wrong)
    await assert.rejects(readCredentialsFile(await fileOf(content)), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'E_SETTING');
      assert.match(error.message, message);
      assert.doesNotMatch(`${error.message} ${error.stack} ${String(error.cause)}`, /hunter2/);
      return true;
    });
  const missing = (message: RegExp) => ({ code: 'E_FILE', message });
  await assert.rejects(
    readCredentialsFile('/nonexistent.json'),
    missing(/\/nonexistent\.json: there is no such/),
  );
  const refresh = await fileOf([{ origin, type: 'bearer', refresh: './none.ts' }]);
  await assert.rejects(readCredentialsFile(refresh), missing(/entry 1: there is no file .*none\.ts/));
  const file = await fileOf([{ ...basic, password: undefined, passwordFile: 'none' }]);
  await assert.rejects(readCredentialsFile(file), missing(/entry 1: .*none: there is no such file/));
});
