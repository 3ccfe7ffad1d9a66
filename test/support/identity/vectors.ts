// The published vectors of Web Bot Auth: those of the drafts, with the example keys of RFC 9421 appendix B.1.
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import type { OwnJwk } from '../../../src/identity/keys.ts';
import type { ReceivedRequest } from './verifier.ts';

/** RFC 9421 B.1.4. */
export const exampleKey: OwnJwk = {
  kty: 'OKP',
  crv: 'Ed25519',
  x: 'JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs',
  d: 'n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU',
};
export const exampleKeyId = 'poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U';

/** RFC 9421 B.1.2. */
const rsaPem = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----`;
export const exampleRsaKeyId = 'oD0HwocPBSfpNy5W3bpJeyFGY_IQ_YpqxSjQ3Yd-CLA';
export const exampleRsaKey: JsonWebKey = createPublicKey(rsaPem).export({ format: 'jwk' });

export const agentOfVectors = 'https://signature-agent.test';
export const createdOfVectors = 1_735_689_600;

export interface Vector {
  name: string;
  /** The key of the member of Signature-Agent; null where it is a String. */
  agentKey: string | null;
  keyid: string;
  alg: 'ed25519' | 'rsa-pss-sha512';
  expires: number;
  nonce: string;
  signature: string;
}

const late = 4_889_289_600;
const nonce = 'n9p433xm+NJ3ph3upfBIGmsuwHw387YV7Q/F+6BSpGCVjYCqQw6rznNA8PVVLySrAWsv0hQtFioQb6E1YsauiA==';

export const vectors: Vector[] = [
  {
    ...{
      name: 'Ed25519, draft-01',
      agentKey: 'sig2',
      keyid: exampleKeyId,
      alg: 'ed25519',
      expires: late,
      nonce,
    },
    signature: 'CGokAoY/FrPpyuzTe1Fb2kLTAH9Idw6qSFd1+D77r1firsMRCxeuLu5e6O+ek3zQgDMAzjiXtLVfqE00xnABCQ==',
  },
  {
    ...{
      name: 'Ed25519, -00',
      agentKey: 'agent2',
      keyid: exampleKeyId,
      alg: 'ed25519',
      expires: late,
      nonce,
    },
    signature: 'RdNFx5Bj6au3YgAMQL/RzmUlZE8QZLIaXGRpw985hWnwPfMxT228NMk6ehRS1PSl4e8PhbNZACSanGdhEwYCCg==',
  },
  {
    ...{
      name: 'Ed25519, String',
      agentKey: null,
      keyid: exampleKeyId,
      alg: 'ed25519',
      expires: 1_735_693_200,
    },
    nonce: 'e8N7S2MFd/qrd6T2R3tdfAuuANngKI7LFtKYI/vowzk4lAZYadIX6wW25MwG7DCT9RUKAJ0qVkU0mEeLElW1qg==',
    signature: 'jdq0SqOwHdyHr9+r5jw3iYZH6aNGKijYp/EstF4RQTQdi5N5YYKrD+mCT1HA1nZDsi6nJKuHxUi/5Syp3rLWBA==',
  },
  {
    ...{ name: 'RSA-PSS, draft-01', agentKey: 'sig2', keyid: exampleRsaKeyId, alg: 'rsa-pss-sha512' },
    expires: late,
    nonce: 'wcfPQPh7SzkvrIVvhD00vNk9PkxJNY2NVbYl2PVBB4zmUoluSwE7W6bPtF60QA3k8g06FU7PPCD+J58YofY1zg==',
    signature:
      'iOCCPgZeV5D5KlfZLXIFQOZR2njqFiCMZIrb5HRRLrFZR5Wtpsn7HwbKfWYHqW3dYU7HV/RohjNg7fuyQ1Mdy2J4mya9JnQCZtCcIcOK/LM9Yc6g6ZTw0onurllrzEzuNQIFFkBTgPJZlA3rHioFrmDmn+nnN7HaC+it/PA2iGfENHYq9D3Ud7ZeDICmF1s5bsMgc+y+MxTPFQHxOEyhbCDjZbT5yeSkGP1Czczg7Cpf0Fz/wuF3mJJ7TL1mzQk3PPizXFr/EnjdUWri1/W8M/f93d389BFF+qbkISzAvOHEk5TqOoyrzzotTn3xmYN6SCGTHG42fK4rA4Ei0qCnnA==',
  },
];

/** The request of a vector, as a server gets it. */
export function requestOfVector(vector: Vector): ReceivedRequest & { headers: Record<string, string> } {
  const { agentKey, keyid, alg, expires, nonce, signature } = vector;
  const component = agentKey === null ? '"signature-agent"' : `"signature-agent";key="${agentKey}"`;
  const params = `created=${createdOfVectors};keyid="${keyid}";alg="${alg}";expires=${expires};nonce="${nonce}";tag="web-bot-auth"`;
  const quoted = `"${agentOfVectors}"`;
  return {
    method: 'GET',
    path: '/',
    scheme: 'https',
    headers: {
      host: 'example.com',
      'signature-agent': agentKey === null ? quoted : `${agentKey}=${quoted}`,
      'signature-input': `sig2=("@authority" ${component});${params}`,
      signature: `sig2=:${signature}:`,
    },
  };
}

/** The answer of a directory: its body, and what signs it. */
export const directoryVector = {
  body: JSON.stringify({
    keys: [{ kty: 'OKP', crv: 'Ed25519', kid: exampleKeyId, x: exampleKey.x, use: 'sig' }],
  }),
  digest: 'CADMT2aBdV/rqQr/NIru64ERQkCobVvllA4V0fLFDu0=',
  created: createdOfVectors,
  expires: late,
  signature: 'l6P8R67tm3kujAxbHWio7ll01qrEZ0dKD/WWlGhNYEmTnFZM8Wt0VQ9zqGfvo7T/UMkBxsigzChM1Gpz7gOVBg==',
};
