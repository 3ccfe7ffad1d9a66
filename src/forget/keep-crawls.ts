// Retention of crawls that have ended (--keep-crawls): the oldest are forgotten. Their records on disk stay.
import type { Settings } from '../config/settings.ts';
import { listForgetting, listLosingRecords } from '../crawl/forget.ts';
import { scheduledRuns } from '../crawl/scheduled-runs.ts';
import { purgedDirectory } from '../dead/retention.ts';
import { type Interval, keepLease, repeat, takeLease } from '../fleet/interval.ts';
import type { TroubleLog } from '../fleet/trouble-log.ts';
import { type Fleet, redisTimeMs } from '../fleet.ts';
import type { Log } from '../log.ts';
import type { RequestQueue } from '../queue/queue.ts';
import { openWebhookQueue, type WebhookQueue } from '../queue/webhook-queue.ts';
import { eventsOf } from '../webhooks/outbox.ts';
import { forgetCrawl, removeRemains } from './forget.ts';

/** How often a consumer checks whether a round is due. A lease lets one process of the fleet do each. */
const ASK_MS = 1000;
const ROUND_MS = 5000;
/** The lease during a round, from step to step. */
const STEP_MS = 30_000;
const PAGE = 500;

interface Parts {
  fleet: Fleet;
  /** Those of all shards. */
  queues: readonly RequestQueue[];
  settings: Pick<Settings, 'keepCrawls' | 'purgeUnexported' | 'dataDir'>;
  log: Log;
  troubles: TroubleLog;
}

/**
 * Forgets crawls by --keep-crawls, and finishes what a `drover forget` that was cut off has left. One process
 * of the fleet does it at a time.
 */
export function maintainCrawls(parts: Parts): Interval {
  let stopping = false;
  const onError = (error: unknown) => parts.troubles.note(error, 'forgetting crawls', {}, 'error');
  const goOn = async () => {
    if (!stopping) await keepLease(parts.fleet, 'forget', STEP_MS);
    return !stopping;
  };
  const round = async () => {
    if (!(await takeLease(parts.fleet, 'forget', ROUND_MS))) return;
    await forgetOld(parts, goOn);
    await keepLease(parts.fleet, 'forget', ROUND_MS);
  };
  const asking = repeat(ASK_MS, round, onError);
  return {
    stop() {
      stopping = true;
      return asking.stop();
    },
  };
}

async function forgetOld(parts: Parts, goOn: () => Promise<boolean>): Promise<void> {
  const { fleet, queues, settings, log } = parts;
  const exportDir = settings.purgeUnexported ? null : purgedDirectory(settings.dataDir);
  const forgetting = { fleet, queues, exportDir, goOn };
  const losing = new Set(await listLosingRecords(fleet));
  for (const crawl of await listForgetting(fleet))
    if (!losing.has(crawl)) await removeRemains(forgetting, crawl);
  for (const crawl of await crawlsToForget(fleet, settings.keepCrawls)) {
    if (!(await goOn())) return;
    // Another consumer or a command may have been faster, or the crawl goes on.
    const forgotten = await forgetCrawl(forgetting, crawl).catch((err: unknown) => {
      log.warn({ err, crawl }, 'crawl not forgotten');
      return null;
    });
    if (forgotten) log.info({ ...forgotten, keepCrawls: settings.keepCrawls }, 'crawl forgotten');
  }
}

/**
 * The crawls that are too old or too many, oldest first. Those with events on their way are kept, and those
 * by which the next run of a schedule goes.
 */
export async function crawlsToForget(fleet: Fleet, keep: Settings['keepCrawls']): Promise<string[]> {
  if (keep === null) return [];
  const ended = await endedCrawls(fleet);
  const nowMs = await redisTimeMs(fleet);
  const surplus = keep.count === null ? 0 : ended.length - keep.count;
  const old = ended.filter(({ endedAt }, index) =>
    keep.ageMs === null ? index < surplus : endedAt < nowMs - keep.ageMs,
  );
  const scheduled = old.length > 0 ? await scheduledRuns(fleet) : null;
  const quiet: string[] = [];
  let webhooks: WebhookQueue | null = null;
  for (const { crawl, hasWebhook } of old) {
    if (scheduled?.has(crawl)) continue;
    if (hasWebhook) {
      webhooks ??= openWebhookQueue(fleet);
      if ((await eventsOf(fleet, webhooks, crawl)).underway > 0) continue;
    }
    quiet.push(crawl);
  }
  return quiet;
}

interface EndedCrawl {
  crawl: string;
  /** Milliseconds since 1970. */
  endedAt: number;
  hasWebhook: boolean;
}

/** In the order in which they began. */
async function endedCrawls({ redis, keys }: Fleet): Promise<EndedCrawl[]> {
  const crawls = await redis.zrange(keys.crawls, '0', '-1');
  const ended: EndedCrawl[] = [];
  for (let start = 0; start < crawls.length; start += PAGE) {
    const page = crawls.slice(start, start + PAGE);
    const pipeline = redis.pipeline();
    for (const crawl of page)
      pipeline.hmget(keys.crawl(crawl), 'state', 'finishedAt', 'cancelledAt', 'createdAt', 'webhook');
    const replies = (await pipeline.exec()) ?? [];
    for (const [index, crawl] of page.entries()) {
      const [state, finishedAt, cancelledAt, createdAt, webhook] = (replies[index]?.[1] ?? []) as string[];
      if (state !== 'finished' && state !== 'cancelled') continue;
      const endedAt = (state === 'finished' ? finishedAt : cancelledAt) ?? createdAt;
      ended.push({ crawl, endedAt: Number(endedAt), hasWebhook: webhook !== undefined && webhook !== null });
    }
  }
  return ended;
}
