// A fleet, a site, and what drover explains of its URLs.
import { join } from 'node:path';
import type test from 'node:test';
import { defaultSettings } from '../../../src/config/settings.ts';
import { type ExplainParts, type Explanation, explainUrl } from '../../../src/explain/explain.ts';
import type { Fleet } from '../../../src/fleet.ts';
import { openQueues } from '../../../src/queue/queue.ts';
import { openStores } from '../../../src/records/stores.ts';
import type { CommandRunner } from '../crawls.ts';
import type { Fleets } from '../fleets.ts';
import { type SiteOptions, startSite } from '../site/site.ts';

export const QUICK = ['--no-adaptive', '--quiet', '--backoff', '10'];

/** A fleet and a site; `explain` asks with the index of records that an API would keep. */
export async function openExplaining(fleets: Fleets, t: test.TestContext, options: SiteOptions) {
  const site = await startSite(options);
  t.after(() => site.stop());
  const { runner, fleet, namespace } = await fleets.open();
  const parts = explainPartsOf(runner, fleet);
  const explain = (url: string, crawl: string | null = null) => explainUrl(parts, url, crawl);
  return { site, runner, namespace, parts, explain, url: site.url };
}

/** With the data directory of the runner. */
export function explainPartsOf(runner: CommandRunner, fleet: Fleet): ExplainParts {
  const stores = openStores({ dataDir: join(runner.dir, 'data'), store: null });
  return { fleet, queues: openQueues(fleet), stores, settings: defaultSettings };
}

export const step = ({ steps }: Explanation, name: string) => steps.find((one) => one.step === name);
export const marksOf = ({ steps }: Explanation) =>
  Object.fromEntries(steps.map(({ step, ok }) => [step, ok]));

export const pageWith = (...links: string[]) => ({
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: links.map((link) => `<a href="${link}">x</a>`).join(''),
});
