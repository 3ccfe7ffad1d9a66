// The form that begins a crawl.
import { createCallKey } from '../../api.js';
import { openDialog } from '../../dialog.js';
import { h } from '../../element.js';
import { field } from '../../form.js';
import { Problem } from '../../problem.js';
import { routeTo } from '../../route.js';

const asSet = 'default';
const number = { kind: 'number', min: 0, inputmode: 'numeric', placeholder: asSet };

export function openCrawlForm(app) {
  const fields = {
    urls: field({
      name: 'url',
      label: 'URLs',
      kind: 'area',
      required: true,
      hint: 'Where the crawl begins; one URL per line.',
      placeholder: 'https://example.com/',
    }),
    name: field({
      name: 'name',
      label: 'Name',
      hint: 'Optional. An unfinished crawl of that name goes on.',
      maxlength: 100,
    }),
    scope: field({
      name: 'scope',
      label: 'Follow links to',
      kind: 'choice',
      options: [
        ['', 'server default'],
        ['host', 'the same host'],
        ['origin', 'the same origin'],
        ['domain', 'the same domain'],
        ['any', 'anywhere'],
      ],
    }),
    maxDepth: field({ ...number, name: 'maxDepth', label: 'Depth', hint: '0: only the URLs above.' }),
    limit: field({ ...number, name: 'limit', label: 'Limit', hint: 'Most requests that the crawl accepts.' }),
    concurrency: field({ ...number, name: 'concurrency', label: 'Fetches at once per host' }),
    delayMs: field({
      ...number,
      name: 'delayMs',
      label: 'Delay, ms',
      hint: 'Least time between two starts at one host.',
    }),
    ...furtherFields(),
  };
  const { urls, name, scope, maxDepth, limit, concurrency, delayMs } = fields;
  const { sitemap, userAgent, contact, headers } = fields;
  const keyFor = createCallKey();
  openDialog({
    title: 'Start a crawl',
    fields: Object.values(fields),
    children: [
      urls.node,
      name.node,
      h('div', { class: 'grid' }, ...[scope, maxDepth, limit, concurrency, delayMs].map(({ node }) => node)),
      h(
        'details',
        {},
        h('summary', {}, 'Sitemap, User-Agent, headers'),
        h('div', { class: 'grid wide' }, ...[sitemap, userAgent, contact, headers].map(({ node }) => node)),
      ),
    ],
    submit: 'Start',
    async onSubmit() {
      const body = bodyOf(fields);
      const begun = await app.api.post('/v1/crawls', body, keyFor(body));
      app.say(`Crawl ${begun.name} started`);
      location.hash = routeTo('crawls', begun.crawl);
    },
  });
}

function furtherFields() {
  return {
    sitemap: field({
      name: 'sitemap',
      label: 'Sitemaps',
      hint: 'URLs of files that list pages, or auto: those that the site names itself.',
      placeholder: 'auto',
    }),
    userAgent: field({
      name: 'userAgent',
      label: 'User-Agent',
      hint: 'The name by which servers know the crawl.',
      placeholder: asSet,
    }),
    contact: field({
      name: 'contact',
      label: 'Contact',
      hint: 'A page or mail address for owners of hosts; put behind the User-Agent.',
      placeholder: asSet,
    }),
    headers: field({
      name: 'headers',
      label: 'Headers',
      kind: 'area',
      hint: 'Sent with every request; one “name: value” per line.',
      placeholder: 'Accept-Language: en',
    }),
  };
}

const wordsIn = (text) => (text ?? '').split(/\s+/).filter(Boolean);

/** The headers by name; null when there are none. */
function headersOf(text) {
  const lines = (text ?? '').split('\n').filter((line) => line.trim());
  const entries = lines.map((line) => {
    const colon = line.indexOf(':');
    if (colon < 1) throw new Problem({ detail: `Expected “name: value”: ${line}`, field: 'headers' });
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
  const names = new Set(entries.map(([name]) => name.toLowerCase()));
  if (names.size < entries.length)
    throw new Problem({ detail: 'One header is given twice.', field: 'headers' });
  return lines.length > 0 ? Object.fromEntries(entries) : null;
}

const isGiven = ([, value]) => value !== null && value !== undefined;
const given = (values) => Object.fromEntries(Object.entries(values).filter(isGiven));

function bodyOf({ urls, name, scope, maxDepth, limit, concurrency, delayMs, ...further }) {
  const lines = wordsIn(urls.text);
  if (lines.length === 0) throw new Problem({ detail: 'Give at least one URL.', field: 'url' });
  const sitemaps = wordsIn(further.sitemap.text);
  const settings = given({
    sitemap: sitemaps.length > 0 ? sitemaps : null,
    userAgent: further.userAgent.text,
    contact: further.contact.text,
  });
  return given({
    ...(lines.length === 1 ? { url: lines[0] } : { urls: lines }),
    name: name.text,
    scope: scope.text,
    maxDepth: maxDepth.number,
    limit: limit.number,
    concurrency: concurrency.number,
    delayMs: delayMs.number,
    headers: headersOf(further.headers.text),
    settings: Object.keys(settings).length > 0 ? settings : null,
  });
}
