// The manifests of deploy/kubernetes: of the right form, in agreement with each other and with drover.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import ipaddr from 'ipaddr.js';
import { parse } from 'yaml';
import { defaultSettings } from '../../src/config/settings.ts';
import { specialRange } from '../../src/fetch/guard.ts';
import { metrics } from '../../src/metrics.ts';
import {
  type Manifest,
  manifests,
  ofKind,
  root,
  workloads,
  yamlFiles,
} from '../support/project/manifests.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** The types of Kubernetes that the objects must have. Those of KEDA and kustomize have none in npm. */
const types: Record<string, string> = {
  Namespace: 'core/v1',
  ConfigMap: 'core/v1',
  Secret: 'core/v1',
  Service: 'core/v1',
  Deployment: 'apps/v1',
  StatefulSet: 'apps/v1',
  PodDisruptionBudget: 'policy/v1',
  NetworkPolicy: 'networking/v1',
  HorizontalPodAutoscaler: 'autoscaling/v2',
};
const others = ['Kustomization', 'ScaledObject', 'TriggerAuthentication'];

const labelsOf = (workload: Manifest): Record<string, string> => workload.spec.template.metadata.labels;
const containerOf = (workload: Manifest) => workload.spec.template.spec.containers[0];
const matches = (labels: Record<string, string>, selector: Record<string, string>) =>
  Object.entries(selector).every(([name, value]) => labels[name] === value);
const named = (kind: string, name: string): Manifest => {
  const found = ofKind(kind).find(({ metadata }) => metadata.name === name);
  assert.ok(found, `${kind} ${name}`);
  return found;
};

test('each object has the fields and types of its kind, and no others', async () => {
  const dir = await temporaryDirectory('manifests');
  const checked = manifests.filter(({ kind }) => !others.includes(kind));
  assert.ok(checked.length >= 14, String(checked.length));
  const lines = checked.map(({ file, ...object }, index) => {
    const path = types[object.kind];
    assert.ok(path, `${file}: ${object.kind}`);
    const type = `import('kubernetes-types/${path}.d.ts').${object.kind}`;
    return `// ${file}\nexport const object${index} = ${JSON.stringify(object, null, 1)} as const satisfies DeepReadonly<${type}>;`;
  });
  const readonly = `type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;`;
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  const compile = (text: string) => {
    writeFileSync(join(dir, 'objects.ts'), text);
    const flags = ['--noEmit', '--strict', '--skipLibCheck', '--allowImportingTsExtensions'];
    const modules = ['--module', 'nodenext', '--types', '', '--ignoreConfig'];
    const tsc = join(root, 'node_modules/.bin/tsc');
    return spawnSync(tsc, [...flags, ...modules, 'objects.ts'], { cwd: dir, encoding: 'utf8' });
  };
  const { status, stdout } = compile([readonly, ...lines].join('\n'));
  assert.equal(status, 0, stdout);
  const wrong = lines.join('\n').replace('"terminationGracePeriodSeconds"', '"terminationGraceSeconds"');
  assert.match(compile([readonly, wrong].join('\n')).stdout, /terminationGraceSeconds/);
});

test('selectors, labels, ports, names of settings and secrets agree', () => {
  for (const workload of workloads) {
    const labels = labelsOf(workload);
    assert.ok(matches(labels, workload.spec.selector.matchLabels), workload.metadata.name);
    const { volumeMounts = [], envFrom = [], ports = [] } = containerOf(workload);
    const volumes = [
      ...(workload.spec.template.spec.volumes ?? []),
      ...(workload.spec.volumeClaimTemplates ?? []),
    ];
    const volumeNames = volumes.map(({ name, metadata }) => name ?? metadata.name);
    for (const { name } of volumeMounts)
      assert.ok(volumeNames.includes(name), `${workload.metadata.name} ${name}`);
    for (const { configMapRef, secretRef } of envFrom) {
      if (configMapRef) named('ConfigMap', configMapRef.name);
      if (secretRef) named('Secret', secretRef.name);
    }
    const probes = JSON.stringify(workload).matchAll(/"httpGet":\{"path":"[^"]+","port":"(\w+)"/g);
    for (const [, port] of probes)
      assert.ok(
        ports.some(({ name }: { name: string }) => name === port),
        port,
      );
  }
  const reached = (selector: Record<string, string>) =>
    workloads.filter((one) => matches(labelsOf(one), selector));
  for (const service of ofKind('Service')) {
    const [workload, ...more] = reached(service.spec.selector);
    assert.ok(workload && more.length === 0, service.metadata.name);
    for (const { targetPort } of service.spec.ports)
      assert.ok(containerOf(workload).ports.some(({ name }: { name: string }) => name === targetPort));
  }
  for (const policy of [...ofKind('PodDisruptionBudget'), ...ofKind('NetworkPolicy')]) {
    const { matchLabels } = policy.spec.selector ?? policy.spec.podSelector;
    assert.equal(reached(matchLabels).length, 1, policy.metadata.name);
  }
  for (const scaler of [...ofKind('ScaledObject'), ...ofKind('HorizontalPodAutoscaler')]) {
    const target = named('Deployment', scaler.spec.scaleTargetRef.name);
    assert.equal(target.spec.replicas, undefined, 'else each apply undoes what the scaler did');
  }
  for (const { spec } of ofKind('TriggerAuthentication'))
    for (const { name, key } of spec.secretTargetRef) assert.ok(key in named('Secret', name).stringData, key);
  const files = new Set(yamlFiles.map((file) => file.replace('deploy/kubernetes/', '')));
  for (const { file, resources } of ofKind('Kustomization'))
    for (const resource of resources as string[]) {
      const folder = file.replace('deploy/kubernetes/', '').replace('kustomization.yaml', '');
      assert.ok(
        files.has(`${folder}${resource}`) || files.has(`${folder}${resource}/kustomization.yaml`),
        `${file}: ${resource}`,
      );
    }
});

test('the address of Redis, the names of the API and the metric that scales are those of the objects', () => {
  const { data } = named('ConfigMap', 'drover-settings');
  const redis = new URL(data.REDIS_URL);
  assert.equal(named('Service', redis.hostname).spec.ports[0].port, Number(redis.port));
  const [waiting, cpu] = named('ScaledObject', 'drover-consumer').spec.triggers;
  const url = new URL(waiting.metadata.url);
  const service = named('Service', url.hostname.split('.')[0] ?? '');
  assert.equal(service.spec.ports[0].port, Number(url.port));
  assert.ok(data.DROVER_ALLOW_HOST.split(',').includes(url.hostname), 'the API answers under that name');
  assert.ok(
    metrics.some(({ name, labels }) => name === waiting.metadata.valueLocation && labels.length === 0),
  );
  assert.equal(cpu.type, 'cpu');
});

test('pods end within their time, without root, and without variables that Kubernetes makes up', () => {
  const graceSeconds = defaultSettings.grace / 1000;
  assert.equal(named('ConfigMap', 'drover-settings').data.DROVER_GRACE, `${graceSeconds}s`);
  for (const workload of workloads) {
    const { metadata } = workload;
    const { spec } = workload.spec.template;
    const container = containerOf(workload);
    assert.equal(spec.securityContext.runAsNonRoot, true, metadata.name);
    assert.equal(spec.automountServiceAccountToken, false, metadata.name);
    const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } = container.securityContext;
    assert.deepEqual(
      [allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities.drop],
      [false, true, ['ALL']],
    );
    if (container.image !== 'drover') continue;
    assert.equal(spec.enableServiceLinks, false, 'DROVER_API_PORT is a setting');
    const [, waits = '0'] = container.lifecycle?.preStop.exec.command ?? [];
    assert.ok(spec.terminationGracePeriodSeconds >= Number(waits) + graceSeconds + 10, metadata.name);
  }
});

test('no consumer may reach an address that drover itself refuses, but Redis and name servers', () => {
  const { egress } = named('NetworkPolicy', 'drover-consumer').spec;
  const blocks = egress
    .flatMap(({ to = [] }: Manifest) => to)
    .flatMap(({ ipBlock }: Manifest) => ipBlock ?? []);
  assert.equal(blocks.length, 2);
  const [four, six] = blocks as { cidr: string; except: string[] }[];
  const inRange = (address: string, range: string) => {
    const [parsed, [network, bits]] = [ipaddr.parse(address), ipaddr.parseCIDR(range)];
    return parsed.kind() === network.kind() && parsed.match([network, bits]);
  };
  const lets = (address: string) =>
    [four, six].some(
      (block) => block && inRange(address, block.cidr) && !block.except.some((one) => inRange(address, one)),
    );
  const all = Array.from({ length: 256 }, (_, octet) => octet);
  const odd = ['192.0', '192.2', '192.31', '192.52', '192.88', '192.175', '198.51', '203.0'];
  const addresses = [
    ...all.flatMap((first) => all.map((second) => `${first}.${second}.0.1`)),
    ...odd.flatMap((start) => all.map((third) => `${start}.${third}.1`)),
  ];
  for (const address of addresses)
    if (specialRange(address) !== null)
      assert.equal(lets(address), false, `${address} ${specialRange(address)}`);
  for (const address of [
    '::1',
    'fd00::1',
    'fe80::1',
    '64:ff9b::a00:1',
    '2001:db8::1',
    '2002:a00:1::',
    '3fff::1',
    'ff02::1',
  ])
    assert.equal(lets(address), false, address);
  for (const address of ['8.8.8.8', '93.184.215.14', '2606:2800:21f::1', '2a00:1450::1'])
    assert.equal(lets(address), true, address);
});

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

test('kustomize puts it together, with KEDA and without', {
  skip: !hasKubectl && 'there is no kubectl',
}, async () => {
  const dir = await temporaryDirectory('kustomize');
  mkdirSync(join(dir, 'k'), { recursive: true });
  cpSync(join(root, 'deploy/kubernetes'), join(dir, 'k'), { recursive: true });
  const kustomize = () => execFileSync('kubectl', ['kustomize', join(dir, 'k')], { encoding: 'utf8' });
  const kinds = (text: string) => [...text.matchAll(/^kind: (\w+)$/gm)].map(([, kind]) => kind);
  const whole = kustomize();
  assert.ok(kinds(whole).includes('ScaledObject') && !kinds(whole).includes('Secret'), kinds(whole).join());
  const images = whole
    .split('\n---\n')
    .flatMap((text) => parse(text)?.spec?.template?.spec?.containers ?? []);
  assert.deepEqual(
    new Set(images.map(({ image }: { image: string }) => image.replace(/:[\d.]+$/, ''))),
    new Set(['registry.example.com/drover', 'redis:7-bookworm']),
  );
  const path = join(dir, 'k/kustomization.yaml');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/^ {2}- keda$/m, '  - cpu'));
  const without = kinds(kustomize());
  assert.ok(without.includes('HorizontalPodAutoscaler') && !without.includes('ScaledObject'), without.join());
});
