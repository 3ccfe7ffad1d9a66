// What a crawl of a given size needs: the arithmetic of docs/SCALE.md. `measured` is what a benchmark has
// printed, `assumed` and `prices` are what a reader replaces by his own. Each function is one formula.

/** Of docs/BENCHMARKS.md and of `drover bench scale`; docs/SCALE.md says which of them. */
export const measured = {
  /** CPU of a consumer for a page of 10 kB with 20 links, and for each further kB (ms). */
  consumerMs: 0.63,
  consumerMsAKilobyte: 0.013,
  /** CPU of Redis for a page of one of many hosts, with 20 links and BullMQ, and for each further link. */
  redisMs: 0.56,
  redisMsALink: 0.0047,
  /** Bytes of Redis. */
  bytesPerSeen: 9.4,
  bytesPerWaiting: 66.5,
  /** Memory of a consumer at its peak. */
  consumerBytes: 249e6,
  /** Of a record beside the body, and what `drover results` keeps of each in memory (bytes). */
  recordBytes: 2000,
  readerBytes: 20,
};

/** What is not measured here, and differs from crawl to crawl. */
export const assumed = {
  /** A page: its body, what of it comes over the wire, and its links. */
  bodyBytes: 100_000,
  wireBytes: 25_000,
  links: 50,
  /** For each page that is fetched: URLs that are found, and those of them that wait at the peak. */
  seenAPage: 3,
  waitingAPage: 1,
  pagesAHost: 100,
  /** Of a host in Redis for a day: its robots.txt, packed. */
  robotsBytes: 1000,
  /** How much smaller bodies and records become: in blocks with zstd, and each by itself with gzip (WARC). */
  zstdRatio: 5,
  gzipRatio: 4,
  /** Objects that a consumer puts in a second, joined ones included. */
  putsASecond: 5,
  /** How busy a core may be, and by how much a Redis process exceeds its data while it rewrites its log. */
  busy: 0.6,
  memoryFactor: 1.6,
  /** The most memory of one Redis process. */
  processBytes: 16e9,
  mostShards: 64,
};

/** An example, in dollars. */
export const prices = {
  coreHour: 0.04,
  gigabyteHour: 0.005,
  storedGigabyteMonth: 0.02,
  millionPuts: 5,
};

export interface CrawlSize {
  pages: number;
  days: number;
}

export const sizes: readonly CrawlSize[] = [
  { pages: 1e7, days: 1 },
  { pages: 1e9, days: 30 },
  { pages: 1e10, days: 90 },
];

type Assumed = typeof assumed;

export interface Sizing {
  pagesPerSecond: number;
  consumerCores: number;
  consumers: number;
  consumerMemory: number;
  wireBitsPerSecond: number;
  seen: number;
  waiting: number;
  hosts: number;
  seenBytes: number;
  waitingBytes: number;
  robotsBytes: number;
  redisMemory: number;
  redisCores: number;
  redisProcesses: number;
  /** Records in a store with bodies and without, and as WARC. */
  recordBytes: number;
  recordBytesWithoutBodies: number;
  warcBytes: number;
  puts: number;
  readerMemory: number;
}

const DAY_SECONDS = 86_400;

/** `redisMemory` and `redisProcesses` are those of the primaries; with a replica each, they are doubled. */
export function sizingOf({ pages, days }: CrawlSize, a: Assumed = assumed): Sizing {
  const seconds = days * DAY_SECONDS;
  const pagesPerSecond = pages / seconds;
  const consumerCores = (pagesPerSecond * consumerMsOf(a)) / 1000 / a.busy;
  const consumers = Math.max(1, Math.ceil(consumerCores));
  const [seen, waiting, hosts] = [pages * a.seenAPage, pages * a.waitingAPage, pages / a.pagesAHost];
  const [seenBytes, waitingBytes] = [seen * measured.bytesPerSeen, waiting * measured.bytesPerWaiting];
  // A robots.txt is kept for a day. In a day no more hosts are asked than pages are fetched.
  const robotsBytes = Math.min(hosts, pagesPerSecond * DAY_SECONDS) * a.robotsBytes;
  const redisMemory = (seenBytes + waitingBytes + robotsBytes) * a.memoryFactor;
  const redisCores = (pagesPerSecond * redisMsOf(a)) / 1000 / a.busy;
  return {
    ...{ pagesPerSecond, consumerCores, consumers, consumerMemory: consumers * measured.consumerBytes },
    ...{ wireBitsPerSecond: pagesPerSecond * a.wireBytes * 8, seen, waiting, hosts },
    ...{ seenBytes, waitingBytes, robotsBytes, redisMemory, redisCores },
    redisProcesses: Math.max(1, Math.ceil(redisCores), Math.ceil(redisMemory / a.processBytes)),
    recordBytes: (pages * (a.bodyBytes + measured.recordBytes)) / a.zstdRatio,
    recordBytesWithoutBodies: (pages * measured.recordBytes) / a.zstdRatio,
    warcBytes: (pages * a.bodyBytes) / a.gzipRatio,
    puts: seconds * consumers * a.putsASecond,
    readerMemory: pages * measured.readerBytes,
  };
}

/** CPU of a consumer for a page (ms). */
export function consumerMsOf(a: Assumed = assumed): number {
  return measured.consumerMs + ((a.bodyBytes - 10_000) / 1000) * measured.consumerMsAKilobyte;
}

/** CPU of Redis for a page (ms). */
export function redisMsOf(a: Assumed = assumed): number {
  return measured.redisMs + (a.links - 20) * measured.redisMsALink;
}

export interface Cost {
  consumers: number;
  /** Primaries, and a replica of each. */
  redis: number;
  /** A month of the records with their bodies. */
  storedMonth: number;
  puts: number;
}

export function costOf(size: CrawlSize, p: typeof prices = prices): Cost {
  const { consumerCores, consumerMemory, redisCores, redisProcesses, redisMemory, recordBytes, puts } =
    sizingOf(size);
  const hours = size.days * 24;
  const machines = (cores: number, bytes: number) =>
    hours * (cores * p.coreHour + (bytes / 1e9) * p.gigabyteHour);
  return {
    consumers: machines(Math.max(1, consumerCores), consumerMemory),
    redis: 2 * machines(Math.max(redisProcesses, redisCores), redisMemory),
    storedMonth: (recordBytes / 1e9) * p.storedGigabyteMonth,
    puts: (puts / 1e6) * p.millionPuts,
  };
}

/**
 * How many of so many URLs are expected to share the 64 bits of their fingerprint with another one of the
 * crawl. They are taken for duplicates and not fetched.
 */
export function lostToFingerprints(seen: number): number {
  return seen ** 2 / 2 ** 65;
}

export interface Walls {
  /** Pages whose URLs the most shards hold, each a process of its own. */
  pagesByMemory: number;
  /** … if no URL waits in Redis at the end but all were fetched. */
  pagesBySeenAlone: number;
  /** Pages a second at which the most shards are busy. */
  pagesPerSecondByRedis: number;
  /** Pages at which one URL is expected to be lost because two share a fingerprint. */
  pagesByFingerprints: number;
}

export function wallsOf(a: Assumed = assumed): Walls {
  const one = sizingOf({ pages: 1e9, days: 30 }, a);
  const memory = a.mostShards * a.processBytes;
  return {
    pagesByMemory: (memory / one.redisMemory) * 1e9,
    pagesBySeenAlone: memory / a.memoryFactor / (a.seenAPage * measured.bytesPerSeen),
    pagesPerSecondByRedis: (a.mostShards * a.busy * 1000) / redisMsOf(a),
    pagesByFingerprints: Math.sqrt(2 ** 65) / a.seenAPage,
  };
}
