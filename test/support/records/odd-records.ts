// Records for tests of readers and exports, odd values among them.
import type { CrawlRecord } from '../../../src/record.ts';

/** A record of a page. `more` goes before what is made up. */
export function recordOf(number: number, more: Partial<CrawlRecord> = {}): CrawlRecord {
  const url = `http://example.com/${number}`;
  return {
    ...{
      id: number.toString(16).padStart(16, '0'),
      crawl: 'c',
      url,
      finalUrl: url,
      method: 'GET',
      status: 200,
    },
    ...{ ok: true, error: null, attempts: 1, depth: 0, referrer: null, label: null, userData: null },
    fetchedAt: new Date(Date.UTC(2026, 0, 1) + number).toISOString(),
    timings: {
      ...{ queue: 0, slot: 0, dns: null, connect: null, tls: null, firstByte: 1.5, download: 0.5 },
      total: number,
    },
    ...{ headers: { 'content-type': 'text/html' }, contentType: 'text/html', charset: 'utf-8' },
    ...{
      bytes: 0,
      sha256: null,
      title: null,
      links: [],
      noindex: false,
      usage: null,
      items: null,
      redirects: null,
      unchanged: null,
      revisitMs: null,
      proxy: null,
      http: null,
      rendered: null,
      session: null,
      body: '',
    },
    ...more,
  };
}

/** Texts that have gone wrong in one format or another. */
export const oddTexts = [
  ...['', ' ', "'", "''", '"', '""', ',', ';', '\t', '\n', '\r', '\r\n', 'a\r\nb', '\\', '\\n', '\0', 'a\0b'],
  ...[
    '=1+1',
    '+1',
    '-1',
    '@a',
    '\t=1',
    ' =1',
    "'=1",
    '＝1',
    'null',
    'NULL',
    'true',
    '0',
    '007',
    '1e5',
    'NaN',
  ],
  ...['[1]', '{"a":1}', '{', '\u2028', '\ufeffx', '\u0085', 'é', '漢字', '\u{1f600}', '\ud800', 'x\udc00y'],
];

/** A record for each odd text, and some that are odd otherwise. The last has a body of 10 MB. */
export function oddRecords(): CrawlRecord[] {
  const texts = oddTexts.map((text, index) =>
    recordOf(index, { title: text, body: text, userData: { text, [text]: [text, null, { a: index }] } }),
  );
  const failed = { code: 'E_TLS', layer: 'tls', message: 'm' } as const;
  return [
    ...texts,
    recordOf(1001, {
      status: null,
      ok: false,
      error: failed,
      finalUrl: null,
      headers: null,
      links: null,
      body: null,
    }),
    recordOf(1002, { links: ['http://a/', 'http://b/?x="y",z'], userData: [1, 'two', null] }),
    recordOf(1003, { userData: 0.1, title: 'x'.repeat(70_000) }),
    recordOf(1005, { userData: '[1]', label: 'a,"b"' }),
    recordOf(1006, { userData: false, links: [''] }),
    recordOf(1004, { body: '"a,b"\r\n'.repeat(1_500_000), userData: {} }),
  ];
}
