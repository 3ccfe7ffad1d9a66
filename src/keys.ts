// Every Redis key that drover makes, in one place. docs/ARCHITECTURE.md says what each holds. The Lua scripts
// spell the same names; tests compare all three, and what a fleet leaves in Redis. All keys of a namespace
// carry one hash tag, so that scripts work in a cluster.

/**
 * The beginning of all keys of a shard, such as `{drover:0}`. `name` is the setting `namespace`. Shard 0 is
 * home: it also has what a fleet has once.
 */
export function namespaceOf(name: string, shard = 0): string {
  return `{${name}:${shard}}`;
}

/** The same for another shard of the fleet whose home has this beginning. */
export function namespaceOfShard(home: string, shard: number): string {
  return shard === 0 ? home : home.replace(/0\}$/, `${shard}}`);
}

/**
 * The keys of one namespace, by what they hold. BullMQ makes its own below `NAMESPACE:requests`,
 * `NAMESPACE:webhooks` and `NAMESPACE:scheduled`.
 */
export type Keys = ReturnType<typeof keysOf>;

export function keysOf(namespace: string) {
  const ofCrawl = (part: string) => (crawl: string) => `${namespace}:c:${crawl}${part}`;
  const ofLimiter = (part: string) => (key: string) => `${namespace}:k:${key}${part}`;
  return {
    /** Which version wrote the others: src/fleet/format.ts. */
    format: `${namespace}:format`,
    /** How many shards the fleet has: src/fleet/shards.ts. */
    shards: `${namespace}:shards`,
    /**
     * How far a change of that number is; of a shard, which steps between two have been done: src/reshard.
     */
    reshard: `${namespace}:reshard`,
    /** Links of pages of this shard to hosts of another one: src/frontier/shards/links-out.ts. */
    linksOut: (shard: number) => `${namespace}:out:${shard}`,
    parked: ofCrawl(':parked'),
    /** Whether this Redis can read a backup: it is gone within a millisecond. */
    restoreProbe: `${namespace}:restore-probe`,
    // crawls
    crawls: `${namespace}:crawls`,
    forgetting: `${namespace}:forgetting`,
    newestOfName: `${namespace}:names`,
    countOfName: `${namespace}:serials`,
    activeCrawls: `${namespace}:active`,
    crawl: ofCrawl(''),
    open: ofCrawl(':open'),
    openByLimiter: ofCrawl(':n'),
    dead: ofCrawl(':dead'),
    replayed: ofCrawl(':replayed'),
    seedHosts: ofCrawl(':hosts'),
    seeds: ofCrawl(':seeds'),
    producers: ofCrawl(':producers'),
    acceptedByHost: ofCrawl(':accepts'),
    dueLanes: ofCrawl(':due'),
    notDueByLimiter: ofCrawl(':not-due'),
    sessions: ofCrawl(':sessions'),
    jars: ofCrawl(':jars'),
    jar: (crawl: string, jar: string) => `${namespace}:c:${crawl}:jar:${jar}`,
    lane: (crawl: string, priority: string | number, key: string) =>
      `${namespace}:c:${crawl}:l${priority}:${key}`,
    seen: (crawl: string, bucket: number) => `${namespace}:c:${crawl}:s:${bucket}`,
    // dispatch
    handOver: `${namespace}:hand-over`,
    // keys of BullMQ that scripts touch
    waitingJobs: `${namespace}:requests:wait`,
    failedJobs: `${namespace}:requests:failed`,
    /** Has the field `paused` while no jobs are taken (drover drain). */
    queueState: `${namespace}:requests:meta`,
    job: (jobId: string) => `${namespace}:requests:${jobId}`,
    jobLogs: (jobId: string) => `${namespace}:requests:${jobId}:logs`,
    // jobs that wait for a browser; whether some consumer has one
    renders: `${namespace}:renders`,
    renderers: `${namespace}:renderers`,
    delayedJobs: `${namespace}:requests:delayed`,
    activeJobs: `${namespace}:requests:active`,
    jobLock: (jobId: string) => `${namespace}:requests:${jobId}:lock`,
    // limiter keys
    limiter: ofLimiter(''),
    slotHolders: ofLimiter(':s'),
    slotWaiters: ofLimiter(':q'),
    waitingLanes: ofLimiter(':w'),
    serverHolders: (server: string) => `${namespace}:server:${server}:s`,
    serverWaiters: (server: string) => `${namespace}:server:${server}:w`,
    heldHosts: `${namespace}:held`,
    limitedByOperator: `${namespace}:limited`,
    keyEvents: `${namespace}:keys`,
    robots: (origin: string) => `${namespace}:robots:${origin}`,
    robotsLock: (origin: string) => `${namespace}:robots:${origin}:lock`,
    // dead letters and replays
    deadGroups: `${namespace}:dead:groups`,
    deadGroup: (group: string) => `${namespace}:dead:g:${group}`,
    autoReplays: `${namespace}:dead:auto`,
    replay: (run: string) => `${namespace}:replay:${run}`,
    replayCrawls: (run: string) => `${namespace}:replay:${run}:crawls`,
    replays: `${namespace}:replays`,
    openReplays: `${namespace}:replays:open`,
    // schedules
    schedules: `${namespace}:schedules`,
    schedule: (name: string) => `${namespace}:schedule:${name}`,
    scheduleRuns: (name: string) => `${namespace}:schedule:${name}:runs`,
    // the fleet
    consumers: `${namespace}:consumers`,
    members: `${namespace}:members`,
    heartbeat: (consumer: string) => `${namespace}:heartbeat:${consumer}`,
    lease: (work: string) => `${namespace}:lease:${work}`,
    metrics: `${namespace}:metrics`,
    history: `${namespace}:history`,
    historyClaim: (period: string | number) => `${namespace}:history:${period}`,
    tail: `${namespace}:tail`,
    tailWanted: `${namespace}:tail:wanted`,
    cookieNotices: `${namespace}:cookies`,
    // for the world outside
    outbox: `${namespace}:outbox`,
    idempotency: (digest: string) => `${namespace}:idempotent:${digest}`,
    // names of the former version; only the upgrade knows them
    formerHandOver: `${namespace}:handing`,
    formerReplayed: ofCrawl(':again'),
  };
}

/** The name of a job in BullMQ and in the hand-over list: unique, without ':', never an integer. */
export function jobIdOf(crawl: string, id: string): string {
  return `${crawl}.${id}`;
}

/** The inverse of jobIdOf. The id of a crawl may hold dots, a fingerprint does not. */
export function crawlAndId(jobId: string): { crawl: string; id: string } {
  const dot = jobId.lastIndexOf('.');
  return { crawl: jobId.slice(0, dot), id: jobId.slice(dot + 1) };
}
