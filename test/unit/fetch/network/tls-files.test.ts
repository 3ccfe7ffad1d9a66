import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { readAuthorities, readClientCertificates } from '../../../../src/fetch/network/tls-files.ts';
import { temporaryFile } from '../../../support/temporary.ts';

const pathOf = (name: string) =>
  fileURLToPath(new URL(`../../../support/site/certificates/${name}.pem`, import.meta.url));
const both = readFileSync(pathOf('good'), 'utf8');
const block = (kind: string) =>
  new RegExp(`-----BEGIN [A-Z ]*${kind}-----[^]*?-----END [A-Z ]*${kind}-----`).exec(both)?.[0] ?? '';
const cert = await temporaryFile('cert.pem', block('CERTIFICATE'));
const key = await temporaryFile('key.pem', block('PRIVATE KEY'));

test('a certificate and its key come from one file or from two, by host', () => {
  const [one] = readClientCertificates([pathOf('good')], []);
  assert.equal(one?.of, null);
  const [two] = readClientCertificates([`example.com=${cert}`], [`Example.com=${key}`]);
  assert.deepEqual(two, { ...one, of: { host: 'example.com', port: null } });
  assert.equal(readAuthorities([pathOf('ca'), pathOf('good')]).length, 2);
});

test('what is wrong with a file is said with its flag and path', async () => {
  const wrong = await temporaryFile(
    'wrong.pem',
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  );
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
  const notIts = await temporaryFile('other.pem', other.export(pkcs8));
  const locked = await temporaryFile(
    'locked.pem',
    other.export({ ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'x' }),
  );
  const file = (message: RegExp) => ({ code: 'E_FILE', message });
  const setting = (message: RegExp) => ({ code: 'E_SETTING', message });
  assert.throws(
    () => readAuthorities(['/nonexistent.pem']),
    file(/--ca \/nonexistent\.pem: there is no such file/),
  );
  assert.throws(() => readAuthorities(['/']), file(/--ca \/: EISDIR/));
  assert.throws(() => readAuthorities([key]), file(/--ca .*key\.pem: it holds no certificate in PEM/));
  assert.throws(() => readAuthorities([wrong]), file(/certificate 1 cannot be read/));
  assert.throws(() => readClientCertificates([cert], []), file(/--client-cert .*holds no private key/));
  assert.throws(() => readClientCertificates([cert], [notIts]), file(/--client-key .*is not that of/));
  assert.throws(() => readClientCertificates([cert], [locked]), file(/encrypted/));
  assert.throws(() => readClientCertificates([cert, cert], []), setting(/twice without a host/));
  assert.throws(
    () => readClientCertificates([cert], [`a.example=${key}`]),
    setting(/for a\.example: there is no/),
  );
});
