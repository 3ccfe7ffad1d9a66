// What deploy/, the Dockerfile and docker-compose.yml hold, for the tests that check it.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

export const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A Kubernetes object, as far as the tests look into it. */
export interface Manifest {
  file: string;
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own, and tsc checks them in a test
  [part: string]: any;
}

export const yamlFiles: readonly string[] = readdirSync(`${root}deploy/kubernetes`, { recursive: true })
  .map((name) => `deploy/kubernetes/${name}`)
  .filter((name) => name.endsWith('.yaml'))
  .toSorted();

export const manifests: readonly Manifest[] = yamlFiles.flatMap((file) =>
  parseAllDocuments(readFileSync(root + file, 'utf8'), { uniqueKeys: true }).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return { ...(document.toJS() as Omit<Manifest, 'file'>), file } as Manifest;
  }),
);

export const ofKind = (kind: string): Manifest[] => manifests.filter((one) => one.kind === kind);

/** Of Deployments and StatefulSets. */
export const workloads: readonly Manifest[] = [...ofKind('Deployment'), ...ofKind('StatefulSet')];
