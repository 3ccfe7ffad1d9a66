// A strict reader of the text format 0.0.4 of Prometheus
// (prometheus.io/docs/instrumenting/exposition_formats). It throws an error for everything that Prometheus or
// promtool rejects.
import assert from 'node:assert/strict';

export interface Family {
  name: string;
  type: string;
  help: string;
  samples: Series[];
}

export interface Series {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (NaN|[+-]?Inf|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;

/** Reads a text. Returns the metric families by name. */
export function readExposition(text: string): Map<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line must end');
  const families = new Map<string, Family>();
  let family: Family | null = null;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, word, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (word === 'HELP') {
      assert.match(name, NAME);
      assert.ok(!families.has(name), `${name} stands there twice, or in two places`);
      assert.ok(rest.length > 5, `${name} has no help`);
      family = { name, help: rest, type: '', samples: [] };
      families.set(name, family);
    } else if (word === 'TYPE') {
      assert.ok(family?.name === name && family.type === '', `TYPE of ${name} must follow its HELP`);
      assert.ok(['counter', 'gauge', 'histogram', 'summary'].includes(rest), `${name}: ${rest} is no type`);
      family.type = rest;
    } else {
      assert.ok(family?.type, `before HELP and TYPE: ${line}`);
      family.samples.push(readSample(line, family));
    }
  }
  for (const each of families.values()) check(each);
  return families;
}

function readSample(line: string, { name: family, type }: Family): Series {
  const [, name = '', inner = '', value = ''] = SAMPLE.exec(line) ?? [];
  assert.ok(name, `no sample: ${line}`);
  const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['', '_sum', '_count'];
  assert.ok(
    suffixes.some((suffix) => name === `${family}${suffix}`),
    `${name} stands in the family ${family}`,
  );
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < inner.length) {
    const [, label = '', text = ''] = LABEL.exec(inner) ?? [];
    assert.ok(label && !(label in labels), `labels of ${line}`);
    labels[label] = text;
  }
  return { name, labels, value: value.endsWith('Inf') ? Number(`${value}inity`) : Number(value) };
}

function check({ name, type, samples }: Family): void {
  const keys = samples.map(
    (sample) => `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`,
  );
  assert.equal(new Set(keys).size, keys.length, `${name} has a series twice`);
  if (type === 'counter') {
    assert.match(name, /_total$/);
    for (const { value } of samples) assert.ok(value >= 0, `${name} is negative`);
  } else assert.doesNotMatch(name, /_total$/);
  if (type === 'histogram') checkHistogram(name, samples);
}

function checkHistogram(name: string, samples: readonly Series[]): void {
  const groups = Map.groupBy(samples, ({ labels: { le, ...labels } }) => JSON.stringify(labels));
  for (const [labels, group] of groups) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels: { le = '' } }) =>
      le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le),
    );
    assert.equal(bounds.at(-1), Number.POSITIVE_INFINITY, `${name} ${labels} has no +Inf`);
    for (let at = 1; at < buckets.length; at++) {
      assert.ok((bounds[at] ?? 0) > (bounds[at - 1] ?? 0), `${name} ${labels}: bounds must rise`);
      assert.ok(
        (buckets[at]?.value ?? 0) >= (buckets[at - 1]?.value ?? 0),
        `${name} ${labels} is not cumulative`,
      );
    }
    const count = group.find((sample) => sample.name === `${name}_count`);
    assert.equal(count?.value, buckets.at(-1)?.value, `${name} ${labels}: +Inf is not the count`);
    assert.ok(
      group.some((sample) => sample.name === `${name}_sum`),
      `${name} ${labels} has no sum`,
    );
  }
}

/** The value of one series. Without labels, it is the only series of the family. Throws if there is none. */
export function figureOf(
  families: Map<string, Family>,
  name: string,
  labels: Record<string, string> = {},
): number {
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''));
  const found = family?.samples.find(
    (sample) =>
      sample.name === name &&
      Object.keys(sample.labels).length === Object.keys(labels).length &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  assert.ok(found, `no series ${name} ${JSON.stringify(labels)}`);
  return found.value;
}

/** The number of series of all families. */
export function seriesCount(families: Map<string, Family>): number {
  return [...families.values()].reduce((sum, { samples }) => sum + samples.length, 0);
}
