import assert from 'node:assert/strict';
import test from 'node:test';
import {
  assumed,
  consumerMsOf,
  costOf,
  lostToFingerprints,
  measured,
  redisMsOf,
  sizes,
  sizingOf,
  wallsOf,
} from '../../../../bench/scale/sizing.ts';

/** Round numbers, so that each result can be computed in the head. */
const simple: typeof assumed = {
  ...{ bodyBytes: 10_000, wireBytes: 5000, links: 20, seenAPage: 2, waitingAPage: 1, pagesAHost: 10 },
  ...{ robotsBytes: 100, zstdRatio: 4, gzipRatio: 2, putsASecond: 3, busy: 0.5, memoryFactor: 2 },
  ...{ processBytes: 1e9, mostShards: 4 },
};

/** A page a millisecond. */
const quick = { pages: 86_400_000, days: 1 };
const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.abs(expected), `${actual}, not ${expected}`);

test('pages, cores and bandwidth follow from the time', () => {
  const sizing = sizingOf(quick, simple);
  near(sizing.pagesPerSecond, 1000);
  near(sizing.consumerCores, measured.consumerMs / 0.5);
  assert.equal(sizing.consumers, Math.ceil(measured.consumerMs / 0.5));
  near(sizing.redisCores, measured.redisMs / 0.5);
  near(sizing.wireBitsPerSecond, 1000 * 5000 * 8);
  near(sizing.puts, 86_400 * sizing.consumers * 3);
  near(sizingOf({ ...quick, days: 10 }, simple).pagesPerSecond, 100);
});

test('memory of Redis is what is seen, what waits, and the robots.txt of a day', () => {
  const { seenBytes, waitingBytes, robotsBytes, redisMemory, redisProcesses } = sizingOf(quick, simple);
  near(seenBytes, 2 * quick.pages * measured.bytesPerSeen);
  near(waitingBytes, quick.pages * measured.bytesPerWaiting);
  near(robotsBytes, (quick.pages / 10) * 100);
  near(redisMemory, 2 * (seenBytes + waitingBytes + robotsBytes));
  assert.equal(redisProcesses, Math.ceil(redisMemory / 1e9));
  // Of a slow crawl with one page a host, no more hosts are asked in a day than pages are fetched.
  const slow = sizingOf({ pages: 1000, days: 10 }, { ...simple, pagesAHost: 1 });
  near(slow.robotsBytes, 100 * 100);
  assert.equal(slow.redisProcesses, 1);
});

test('a larger page and more links cost what was measured for each more', () => {
  near(consumerMsOf(simple), measured.consumerMs);
  near(
    consumerMsOf({ ...simple, bodyBytes: 110_000 }),
    measured.consumerMs + 100 * measured.consumerMsAKilobyte,
  );
  near(redisMsOf({ ...simple, links: 30 }), measured.redisMs + 10 * measured.redisMsALink);
});

test('records are as many times smaller as they are said to be', () => {
  const sizing = sizingOf({ pages: 100, days: 1 }, simple);
  const { recordBytes, recordBytesWithoutBodies, warcBytes, readerMemory } = sizing;
  near(recordBytes, (100 * (10_000 + measured.recordBytes)) / 4);
  near(recordBytesWithoutBodies, (100 * measured.recordBytes) / 4);
  near(warcBytes, 500_000);
  near(readerMemory, 100 * measured.readerBytes);
});

test('a cost is its amount times its price', () => {
  const free = { coreHour: 0, gigabyteHour: 0, storedGigabyteMonth: 0, millionPuts: 0 };
  const size = { pages: 1e9, days: 30 };
  const { consumerCores, consumerMemory, redisProcesses, redisCores, redisMemory, recordBytes, puts } =
    sizingOf(size);
  assert.deepEqual(costOf(size, free), { consumers: 0, redis: 0, storedMonth: 0, puts: 0 });
  const cores = costOf(size, { ...free, coreHour: 1 });
  near(cores.consumers, 720 * Math.max(1, consumerCores));
  near(cores.redis, 2 * 720 * Math.max(redisProcesses, redisCores));
  const memory = costOf(size, { ...free, gigabyteHour: 1 });
  near(memory.consumers, (720 * consumerMemory) / 1e9);
  near(memory.redis, (2 * 720 * redisMemory) / 1e9);
  near(costOf(size, { ...free, storedGigabyteMonth: 1 }).storedMonth, recordBytes / 1e9);
  near(costOf(size, { ...free, millionPuts: 1 }).puts, puts / 1e6);
});

test('at a wall, what it says is used up', () => {
  const { pagesByMemory, pagesBySeenAlone, pagesPerSecondByRedis, pagesByFingerprints } = wallsOf();
  const size = { pages: pagesByMemory, days: 90 };
  near(sizingOf(size).redisMemory, assumed.mostShards * assumed.processBytes);
  near(
    sizingOf({ pages: pagesBySeenAlone, days: 90 }).seenBytes * assumed.memoryFactor,
    assumed.mostShards * assumed.processBytes,
  );
  near(sizingOf({ pages: pagesPerSecondByRedis * 86_400, days: 1 }).redisCores, assumed.mostShards);
  near(lostToFingerprints(pagesByFingerprints * assumed.seenAPage), 1);
});

test('the probability of src/url/fingerprint.ts: 3 in a million among ten million requests', () => {
  assert.equal(Math.round(lostToFingerprints(1e7) * 1e6), 3);
});

test('the sizes are those of docs/SCALE.md', () => {
  assert.deepEqual(
    sizes.map(({ pages }) => pages),
    [1e7, 1e9, 1e10],
  );
});
