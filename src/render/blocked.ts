// What a page in a browser does not load by default: images, fonts, media, and hosts that count visitors or
// show advertisements. None of it makes text or links.

/** What --render-load names. */
export type Loadable = 'images' | 'fonts' | 'media' | 'trackers';

/** Playwright's types of resources to what --render-load calls them. */
const kinds: Readonly<Record<string, Loadable>> = {
  image: 'images',
  imageset: 'images',
  font: 'fonts',
  media: 'media',
  texttrack: 'media',
};

/** Registrable domains and hosts; all names below them count too. */
const trackers: ReadonlySet<string> = new Set([
  ...['google-analytics.com', 'googletagmanager.com', 'googletagservices.com', 'googleadservices.com'],
  ...['googlesyndication.com', 'doubleclick.net', 'connect.facebook.net', 'analytics.tiktok.com'],
  ...['static.ads-twitter.com', 'analytics.twitter.com', 'bat.bing.com', 'clarity.ms', 'snap.licdn.com'],
  ...['px.ads.linkedin.com', 'mc.yandex.ru', 'hm.baidu.com', 'scorecardresearch.com', 'quantserve.com'],
  ...['hotjar.com', 'hotjar.io', 'fullstory.com', 'mouseflow.com', 'crazyegg.com', 'luckyorange.com'],
  ...['segment.io', 'cdn.segment.com', 'mixpanel.com', 'amplitude.com', 'heapanalytics.com', 'matomo.cloud'],
  ...[
    'plausible.io',
    'nr-data.net',
    'js-agent.newrelic.com',
    'sentry.io',
    'bugsnag.com',
    'datadoghq-browser-agent.com',
  ],
  ...['amazon-adsystem.com', 'adnxs.com', 'criteo.com', 'criteo.net', 'taboola.com', 'outbrain.com'],
  ...['pubmatic.com', 'rubiconproject.com', 'openx.net', 'casalemedia.com', 'adsrvr.org', 'moatads.com'],
  ...['chartbeat.com', 'parsely.com', 'omtrdc.net', 'demdex.net', 'everesttech.net', 'krxd.net'],
  ...['cdn.cookielaw.org', 'cookiebot.com', 'onesignal.com', 'ct.pinterest.com'],
]);

/** Whether the page does without it. `type`: Playwright's type of the resource. */
export function isBlockedType(type: string, loads: readonly Loadable[]): boolean {
  const kind = kinds[type];
  return kind !== undefined && !loads.includes(kind);
}

export function isTracker(hostname: string): boolean {
  for (let name = hostname; ; ) {
    if (trackers.has(name)) return true;
    const dot = name.indexOf('.');
    if (dot < 0) return false;
    name = name.slice(dot + 1);
  }
}
