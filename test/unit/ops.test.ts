import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { parse } from 'yaml';
import { type Metric, metrics } from '../../src/metrics.ts';

const read = (name: string) => readFileSync(join(import.meta.dirname, '../../ops', name), 'utf8');

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}
interface Panel {
  id: number;
  title: string;
  type: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { refId: string; expr: string }[];
}

const rules = (parse(read('alerts.yaml')) as { groups: { name: string; rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const { panels } = JSON.parse(read('grafana-dashboard.json')) as { panels: Panel[] };
const expressions = [
  ...rules.map(({ alert, expr }) => ({ where: `ops/alerts.yaml, ${alert}`, expr })),
  ...panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ where: `ops/grafana-dashboard.json, ${title}`, expr })),
  ),
];

/** Each name that a scrape shows, with its metric. */
const names = new Map<string, Metric>(
  metrics.flatMap((metric): [string, Metric][] =>
    metric.type === 'histogram'
      ? ['_bucket', '_sum', '_count'].map((suffix) => [metric.name + suffix, metric])
      : [[metric.name, metric]],
  ),
);

const CLOSING: Record<string, string> = { '(': ')', '[': ']', '{': '}' };

/** Whether quotes end and brackets pair. */
function isBalanced(text: string): boolean {
  const open: string[] = [];
  for (const character of text.replace(/"(?:[^"\\]|\\.)*"/g, '')) {
    if (character === '"') return false;
    if (character in CLOSING) open.push(CLOSING[character] ?? '');
    else if (')]}'.includes(character) && open.pop() !== character) return false;
  }
  return open.length === 0;
}

test('ops/ speaks only of metrics, labels and values of the catalogue', () => {
  const defects: string[] = [];
  for (const { where, expr } of expressions) {
    for (const [, name = '', matchers = ''] of expr.matchAll(/\b(drover_\w+)(?:\{([^}]*)\})?/g)) {
      const metric = names.get(name);
      if (!metric) defects.push(`${where}: there is no ${name}`);
      for (const [, label = '', operator, value = ''] of matchers.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)) {
        const at = metric?.labels.indexOf(label) ?? -1;
        const known = new Set(metric?.series.map((row) => row[at]));
        if (at < 0) defects.push(`${where}: ${name} has no label ${label}`);
        for (const each of operator?.includes('~') ? value.split('|') : [value])
          if (at >= 0 && !known.has(each)) defects.push(`${where}: ${label} of ${name} is never ${each}`);
      }
    }
    for (const [, list = ''] of expr.matchAll(/\bby \(([^)]*)\)/g))
      for (const label of list.split(/, */))
        if (label !== 'le' && !metrics.some(({ labels }) => labels.includes(label)))
          defects.push(`${where}: no metric has the label ${label}`);
  }
  assert.deepEqual(defects, []);
});

test('counters are read as rates, buckets by quantile, brackets pair', () => {
  for (const { where, expr } of expressions) {
    assert.ok(isBalanced(expr), `${where}: ${expr}`);
    for (const [, call = '', name = ''] of expr.matchAll(/(\w*)\(?\b(drover_\w+)/g)) {
      const type = names.get(name)?.type;
      if (type !== 'gauge') assert.match(call, /^(rate|increase)$/, `${where}: ${name} is a ${type}`);
      else assert.doesNotMatch(call, /^(rate|increase)$/, `${where}: ${name} is a gauge`);
    }
    if (/_bucket\b/.test(expr)) assert.match(expr, /^\s*histogram_quantile\(0?\.\d+, sum by \(le\b/, where);
  }
});

test('every metric has its place on the dashboard', () => {
  const shown = expressions.map(({ expr }) => expr).join('\n');
  assert.deepEqual(
    metrics
      .map(({ name }) => name)
      .filter((name) => !new RegExp(`\\b${name}(_bucket|_sum|_count)?\\b`).test(shown)),
    [],
  );
});

test('every alert has a severity and says what happened and what to do; names are used once', () => {
  assert.ok(rules.length >= 8);
  assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length);
  for (const { alert, labels, annotations, for: pending = '0m' } of rules) {
    assert.match(labels.severity ?? '', /^(warning|critical)$/, alert);
    assert.match(annotations.summary ?? '', /^.{10,}\.$/, alert);
    assert.match(annotations.description ?? '', /^.{20,}\.$/, alert);
    assert.match(pending, /^\d+[smh]$/, alert);
  }
});

test('the panels of the dashboard have ids and places of their own', () => {
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const taken = new Set<string>();
  for (const { title, gridPos } of panels)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(x < 24 && !taken.has(`${x} ${y}`), `${title} overlaps`);
        taken.add(`${x} ${y}`);
      }
});

test('the scrape configuration reads its token from a file, and the rules that lie beside it', () => {
  const { rule_files: files, scrape_configs: scrapes } = parse(read('prometheus.yaml'));
  assert.deepEqual(files, ['alerts.yaml']);
  const [scrape] = scrapes;
  assert.deepEqual(
    [scrape.job_name, scrape.metrics_path, scrape.authorization.type],
    ['drover', '/metrics', 'Bearer'],
  );
  assert.ok(scrape.authorization.credentials_file);
});
