// The certificate that drover's own proxy shows to the browser: made anew in each process, for one key that
// never leaves its memory. The browser trusts this key alone, by its hash, and only drover has it; whether a
// server is to be trusted is decided where drover connects to it.
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface ProxyCertificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
  /** SHA-256 of its public key in base64, as Chromium's --ignore-certificate-errors-spki-list reads it. */
  readonly spkiHash: string;
}

const DAY_MS = 86_400_000;

/** Self-signed (RFC 5280), without a name of a host: the browser looks at nothing but its key. */
export function makeCertificate(): ProxyCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const name = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from('drover')))));
  const validity = sequence(utcTime(Date.now() - DAY_MS), utcTime(Date.now() + 365 * DAY_MS));
  const serial = der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)]));
  const version = der(0xa0, der(0x02, Buffer.from([2])));
  const told = sequence(version, serial, ecdsaWithSha256, name, validity, name, spki);
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', told, privateKey)]));
  const lines = sequence(told, ecdsaWithSha256, signature).toString('base64').replace(/.{64}/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    spkiHash: createHash('sha256').update(spki).digest('base64'),
  };
}

/** One value in DER (X.690). */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly Buffer[]) => der(0x30, Buffer.concat(parts));

/** 2.5.4.3 */
const commonName = der(0x06, Buffer.from([0x55, 0x04, 0x03]));
/** 1.2.840.10045.4.3.2 */
const ecdsaWithSha256 = sequence(der(0x06, Buffer.from([0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02])));

/** YYMMDDHHMMSSZ; for years before 2050. */
function utcTime(atMs: number): Buffer {
  const text = new Date(atMs).toISOString().replace(/[-:T]|\.\d+/g, '');
  return der(0x17, Buffer.from(text.slice(2)));
}
