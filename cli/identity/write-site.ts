// The directory and the card of an identity as files for any web server, with what the server must say beside
// them: their types, and the signature of the directory.
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DroverError } from '../../src/errors.ts';
import { agentCard, CARD_PATH, DIRECTORY_PATH, directoryAnswer } from '../../src/identity/directory.ts';
import type { Identity } from '../../src/identity/identity.ts';

/**
 * Returns the names of the files. The directory is there twice, for verifiers of every draft: at its
 * well-known path and, as index.json, for the root. Throws E_FILE_EXISTS.
 */
export async function writeSite(
  folder: string,
  identity: Identity,
  { now, validSeconds, overwrite }: { now: number; validSeconds: number; overwrite: boolean },
): Promise<string[]> {
  const { body, headers } = directoryAnswer(identity, now, validSeconds);
  const { etag: _etag, ...shown } = headers;
  const files: Record<string, string> = {
    [DIRECTORY_PATH.slice(1)]: body,
    'index.json': body,
    [CARD_PATH.slice(1)]: agentCard(identity),
    'nginx.conf': nginxText(shown),
    _headers: headersText(shown),
  };
  const names = Object.keys(files);
  const there = names.find((name) => existsSync(join(folder, name)));
  if (there && !overwrite)
    throw new DroverError('E_FILE_EXISTS', `${join(folder, there)}: give --overwrite to write it anew.`);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return names;
}

/** To be included in a `server` block whose root is the folder. */
function nginxText(headers: Readonly<Record<string, string>>): string {
  const { 'content-type': type, ...others } = headers;
  const lines = Object.entries(others).map(([name, value]) => `  add_header ${name} '${value}';\n`);
  const body = `  types { }\n  default_type ${type};\n${lines.join('')}`;
  return `location = ${DIRECTORY_PATH} {\n${body}}\nlocation = / {\n${body}  try_files /index.json =404;\n}\nlocation = ${CARD_PATH} {\n  types { }\n  default_type application/json;\n}\n`;
}

/** As Netlify and Cloudflare Pages read it. */
function headersText(headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `  ${name}: ${value}\n`);
  const paths = [DIRECTORY_PATH, '/', '/index.json'];
  return `${paths.map((path) => `${path}\n${lines.join('')}`).join('')}${CARD_PATH}\n  content-type: application/json\n`;
}
