// Reads the PEM files of the settings: authorities, and the certificates that drover shows of itself. What is
// wrong with a file is said before anything is fetched.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { type HostFile, type NamedHost, readHostFile } from '../../config/network-forms.ts';
import { DroverError } from '../../errors.ts';

const MOST_BYTES = 10 * 1024 ** 2;
const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END [A-Z0-9 ]+-----/g;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[\s\S]*?-----END [A-Z0-9 ]+-----/;

export interface ClientCertificate {
  /** The host that it is shown to; null: see Network.tlsFor. */
  readonly of: NamedHost | null;
  /** PEM: the certificate, and those between it and its authority. */
  readonly cert: string;
  readonly key: string;
}

/** The certificates of the files, as PEM. Throws E_FILE. */
export function readAuthorities(paths: readonly string[]): string[] {
  return paths.flatMap((path) => certificatesIn(path, '--ca'));
}

/**
 * `certificates`, `keys`: as --client-cert and --client-key have them. A key belongs to the certificate of
 * the same host; without one, the file of the certificate holds it. Throws E_FILE and E_SETTING.
 */
export function readClientCertificates(
  certificates: readonly string[],
  keys: readonly string[],
): ClientCertificate[] {
  const ofKeys = byHost(keys, '--client-key');
  const ofCertificates = byHost(certificates, '--client-cert');
  for (const host of ofKeys.keys()) {
    if (ofCertificates.has(host)) continue;
    const which = host === '' ? 'without a host' : `for ${host}`;
    throw new DroverError('E_SETTING', `--client-key ${which}: there is no --client-cert ${which}.`);
  }
  return [...ofCertificates].map(([host, { of, path }]) => {
    const cert = certificatesIn(path, '--client-cert');
    const keyPath = ofKeys.get(host)?.path;
    const key = keyIn(keyPath ?? path, keyPath === undefined ? '--client-cert' : '--client-key');
    if (!new X509Certificate(cert[0] as string).checkPrivateKey(createPrivateKey(key)))
      throw wrongFile('--client-key', keyPath ?? path, `the key is not that of the certificate in ${path}`);
    return { of, cert: cert.join('\n'), key };
  });
}

function byHost(texts: readonly string[], flag: string): Map<string, HostFile> {
  const files = new Map<string, HostFile>();
  for (const text of texts) {
    const file = readHostFile(text);
    const host = file.of === null ? '' : `${file.of.host}${file.of.port === null ? '' : `:${file.of.port}`}`;
    if (files.has(host)) {
      const which = host === '' ? 'twice without a host' : `twice for ${host}`;
      throw new DroverError('E_SETTING', `${flag} is given ${which}.`);
    }
    files.set(host, file);
  }
  return files;
}

function certificatesIn(path: string, flag: string): string[] {
  const found = textOf(path, flag).match(CERTIFICATE) ?? [];
  if (found.length === 0)
    throw wrongFile(flag, path, 'it holds no certificate in PEM (-----BEGIN CERTIFICATE-----)');
  for (const [index, pem] of found.entries()) {
    try {
      new X509Certificate(pem);
    } catch {
      throw wrongFile(flag, path, `its certificate ${index + 1} cannot be read`);
    }
  }
  return found;
}

function keyIn(path: string, flag: string): string {
  const [pem] = PRIVATE_KEY.exec(textOf(path, flag)) ?? [];
  if (pem === undefined)
    throw wrongFile(flag, path, 'it holds no private key in PEM (-----BEGIN PRIVATE KEY-----)');
  try {
    createPrivateKey(pem);
  } catch (cause) {
    const isLocked =
      (cause as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE' || /ENCRYPTED/.test(pem);
    throw wrongFile(
      flag,
      path,
      isLocked ? 'its key is encrypted; decrypt it with openssl pkey' : 'its private key cannot be read',
    );
  }
  return pem;
}

function textOf(path: string, flag: string): string {
  try {
    if (statSync(path).size > MOST_BYTES) throw new Error(`it has more than ${MOST_BYTES / 1024 ** 2} MiB`);
    return readFileSync(path, 'latin1');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw wrongFile(flag, path, code === 'ENOENT' ? 'there is no such file' : message, cause);
  }
}

function wrongFile(flag: string, path: string, why: string, cause?: unknown): DroverError {
  return new DroverError('E_FILE', `${flag} ${path}: ${why}.`, { cause });
}
