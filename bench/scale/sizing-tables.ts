// The tables of docs/SCALE.md, computed from bench/scale/sizing.ts.
import { grouped, inMarkdown } from '../measure/columns.ts';
import {
  assumed,
  type CrawlSize,
  consumerMsOf,
  costOf,
  lostToFingerprints,
  measured,
  prices,
  redisMsOf,
  type Sizing,
  sizes,
  sizingOf,
  wallsOf,
} from './sizing.ts';

/** Such as 1.2 G; with `unit`, such as 1.2 GB. */
export function withSuffix(value: number, unit = ''): string {
  const [factor, suffix] = (
    [
      [1e15, 'P'],
      [1e12, 'T'],
      [1e9, 'G'],
      [1e6, 'M'],
      [1e3, 'k'],
    ] as const
  ).find(([least]) => value >= least) ?? [1, ''];
  const shown = value / factor;
  return `${shown.toFixed(shown < 10 ? 1 : 0).replace(/\.0$/, '')} ${suffix}${unit}`.trim();
}

const bytes = (value: number) => withSuffix(value, 'B');
const dollars = (value: number) => grouped(value);
const cores = (value: number) => value.toFixed(1);

type Row = [what: string, formula: string, of: (sizing: Sizing, size: CrawlSize) => string];

const rows: Row[] = [
  ['days to do it in', 'assumed', (_, { days }) => String(days)],
  ['pages/s', '`pages ÷ (days × 86,400)`', ({ pagesPerSecond }) => grouped(pagesPerSecond)],
  ['consumer cores', '`pages/s × consumerMs ÷ busy`', ({ consumerCores }) => cores(consumerCores)],
  ['consumer processes', 'one core each, rounded up', ({ consumers }) => grouped(consumers)],
  ['their memory', '`consumers × consumerBytes`', ({ consumerMemory }) => bytes(consumerMemory)],
  ['bandwidth', '`pages/s × wireBytes × 8`', (s) => withSuffix(s.wireBitsPerSecond, 'bit/s')],
  ['URLs seen', '`pages × seenAPage`', ({ seen }) => withSuffix(seen)],
  ['URLs waiting at the peak', '`pages × waitingAPage`', ({ waiting }) => withSuffix(waiting)],
  ['Redis: seen set', '`seen × bytesPerSeen`', ({ seenBytes }) => bytes(seenBytes)],
  ['Redis: lanes', '`waiting × bytesPerWaiting`', ({ waitingBytes }) => bytes(waitingBytes)],
  ['Redis: robots.txt', '`hosts of a day × robotsBytes`', ({ robotsBytes }) => bytes(robotsBytes)],
  ['Redis memory', '`sum × memoryFactor`', ({ redisMemory }) => bytes(redisMemory)],
  ['Redis cores', '`pages/s × redisMs ÷ busy`', ({ redisCores }) => cores(redisCores)],
  [
    'Redis processes',
    'the larger of `cores` and `memory ÷ processBytes`, rounded up',
    (s) => grouped(s.redisProcesses),
  ],
  [
    'with a replica each',
    '`2 × processes`, `2 × memory`',
    (s) => `${grouped(2 * s.redisProcesses)}, ${bytes(2 * s.redisMemory)}`,
  ],
  ['records with bodies', '`pages × (bodyBytes + recordBytes) ÷ zstdRatio`', (s) => bytes(s.recordBytes)],
  ['records without bodies', '`pages × recordBytes ÷ zstdRatio`', (s) => bytes(s.recordBytesWithoutBodies)],
  ['WARC', '`pages × bodyBytes ÷ gzipRatio`', ({ warcBytes }) => bytes(warcBytes)],
  ['object puts', '`seconds × consumers × putsASecond`', ({ puts }) => withSuffix(puts)],
  ['memory of a reader of all records', '`pages × readerBytes`', (s) => bytes(s.readerMemory)],
  ['URLs lost to equal fingerprints', '`seen² ÷ 2^65`', ({ seen }) => lost(seen)],
];

const lost = (seen: number) => {
  const expected = lostToFingerprints(seen);
  return expected < 0.01 ? expected.toExponential(0).replace('e-', ' × 10^-') : expected.toFixed(2);
};

function costRows(): string[][] {
  const costs = sizes.map((size) => costOf(size));
  const row = (what: string, formula: string, of: (cost: (typeof costs)[number]) => number) => [
    ...[what, formula],
    ...costs.map((cost) => dollars(of(cost))),
  ];
  return [
    row('consumers', '`hours × (cores × coreHour + GB × gigabyteHour)`', ({ consumers }) => consumers),
    row('Redis with replicas', 'the same, a core for each process', ({ redis }) => redis),
    row('puts', '`puts × millionPuts ÷ 10^6`', ({ puts }) => puts),
    row('records, each month', '`GB × storedGigabyteMonth`', ({ storedMonth }) => storedMonth),
  ];
}

const named = (values: Readonly<Record<string, number>>) =>
  Object.entries(values)
    .map(
      ([name, value]) => `\`${name}\` ${value >= 1e6 ? withSuffix(value) : grouped(value, digitsOf(value))}`,
    )
    .join(', ');

const digitsOf = (value: number) => (String(value).split('.')[1] ?? '').length;

/** The generated part of docs/SCALE.md. */
export function sizingTables(): string {
  const head = ['what', 'formula', ...sizes.map(({ pages }) => `${withSuffix(pages)} pages`)];
  const each = rows.map(([what, formula, of]) => [
    ...[what, formula],
    ...sizes.map((size) => of(sizingOf(size), size)),
  ]);
  const walls = wallsOf();
  return [
    `Measured: ${named(measured)}.`,
    `Assumed: ${named(assumed)}.`,
    `So a page costs consumers ${consumerMsOf().toFixed(2)} ms of CPU (\`consumerMs + (bodyBytes − 10,000) ÷ 1,000 × consumerMsAKilobyte\`) and Redis ${redisMsOf().toFixed(2)} ms (\`redisMs + (links − 20) × redisMsALink\`).`,
    inMarkdown([head, ...each], 2),
    `Prices, assumed, in dollars: ${named(prices)}.`,
    inMarkdown([['cost', 'formula', ...head.slice(2)], ...costRows()], 2),
    inMarkdown(
      [
        ['wall', 'formula', 'at'],
        [
          'memory of all shards',
          '`mostShards × processBytes ÷ memory of a page`',
          `${withSuffix(walls.pagesByMemory)} pages`,
        ],
        [
          'the same, of the seen set alone',
          '`… ÷ memoryFactor ÷ (seenAPage × bytesPerSeen)`',
          `${withSuffix(walls.pagesBySeenAlone)} pages`,
        ],
        [
          'CPU of all shards',
          '`mostShards × busy ÷ redisMs`',
          `${grouped(walls.pagesPerSecondByRedis)} pages/s`,
        ],
        [
          'a URL lost to equal fingerprints',
          '`√(2^65) ÷ seenAPage`',
          `${withSuffix(walls.pagesByFingerprints)} pages`,
        ],
      ],
      2,
    ),
  ].join('\n\n');
}
