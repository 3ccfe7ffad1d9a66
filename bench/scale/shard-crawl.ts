// The consumer of one shard without fetches: dispatches, commits and slots are the real ones, on a real
// Redis. Only a page's answer is made up: how long it takes, counted in dispatches, and its links.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fleet, shardOf } from '../../src/fleet.ts';
import { askGate } from '../../src/frontier/ask-gate.ts';
import { type Committer, createCommitter } from '../../src/frontier/commit.ts';
import { dispatch, type Handed, type Release } from '../../src/frontier/dispatch.ts';
import { limiterKeyOfRequest, packBatchEntry } from '../../src/frontier/entry.ts';
import { jobIdOf } from '../../src/keys.ts';
import { startedScript } from '../../src/politeness/held-slots.ts';
import { LEASE_MS } from '../../src/politeness/slot.ts';
import { type Request, unpackRequest } from '../../src/request.ts';
import { limiterKeyOf } from '../../src/url/host.ts';
import { openJobs, type ScaleJobs } from './jobs.ts';
import { SCALE_CRAWL } from './shards.ts';
import { dispatchesOf, type KnownPages, linksOf, pageAtUrl, pageUrl, type Web, type WebPage } from './web.ts';

/** What was done, by kind. */
export interface WorkDone {
  /** URLs tested against the seen set: the links of the pages that ended. Seeds are not among them. */
  tested: number;
  /** Those of them that went to another shard by the outbox, and in how many calls. */
  abroad: number;
  deliveries: number;
  dispatches: number;
  /** Pages that ended with a commit. */
  pages: number;
  /** Questions to the gate: of pages whose host obeys a clock, or that were handed out ahead of a slot. */
  asked: number;
}

export const noWork = (): WorkDone => ({
  tested: 0,
  abroad: 0,
  deliveries: 0,
  dispatches: 0,
  pages: 0,
  asked: 0,
});

/** A request in hand. */
interface InHand {
  id: string;
  request: Request;
  key: string;
  claim: number;
  /** The name of its slot; null while it has none. */
  holder: string | null;
  server: string;
  /** Called when it has ended. */
  ended(): void;
}

export interface ShardCrawlParts {
  /** The shard to crawl. */
  fleet: Fleet;
  web: Web;
  known: KnownPages;
  nextNumber: () => number;
  /** How many requests one dispatch should hand over. */
  window: number;
  /** Whether jobs of BullMQ carry the requests. */
  withQueue: boolean;
  work: WorkDone;
  stopped: () => boolean;
  onError: (error: unknown) => void;
}

/** When nothing is due, how long to wait at most until the next dispatch. */
const IDLE_MS = 20;

/**
 * Crawls one shard until it is stopped. Resolves when all that it had in hand has ended, and its links have
 * arrived.
 */
export function crawlShard(parts: ShardCrawlParts): Promise<void> {
  return new ShardCrawl(parts).run();
}

class ShardCrawl {
  readonly #parts: ShardCrawlParts;
  readonly #fleet: Fleet;
  readonly #committer: Committer;
  readonly #jobs: ScaleJobs | null;
  #dispatch = 0;
  #inHand = 0;
  #releases: Release[] = [];
  #arrived: string[] = [];
  /** By the dispatch after which they end. */
  readonly #ending = new Map<number, InHand[]>();
  /** How many slots of a key are held here, and who waits for one of them. */
  readonly #held = new Map<string, number>();
  readonly #waiting = new Map<string, InHand[]>();

  constructor(parts: ShardCrawlParts) {
    this.#parts = parts;
    this.#fleet = parts.fleet;
    this.#committer = createCommitter(parts.fleet, '', parts.onError);
    this.#jobs = parts.withQueue ? openJobs(parts.fleet, (handed) => this.#take(handed)) : null;
  }

  async run(): Promise<void> {
    const { stopped, window, work } = this.#parts;
    while (!stopped() || this.#inHand > 0 || this.#releases.length > 0) {
      const [releases, arrived] = [this.#releases, this.#arrived];
      [this.#releases, this.#arrived] = [[], []];
      const wanted = stopped() ? 0 : window;
      const asked = { serve: SCALE_CRAWL, wanted, leaseMs: LEASE_MS, releases, arrived };
      const { handed, nextDueMs } = await dispatch(this.#fleet, asked);
      work.dispatches++;
      this.#dispatch++;
      this.#inHand += handed.length;
      if (this.#jobs) await this.#jobs.add(handed);
      else for (const one of handed) void this.#take(one);
      for (const { crawl, id } of handed) this.#arrived.push(jobIdOf(crawl, id));
      const due = this.#ending.get(this.#dispatch) ?? [];
      this.#ending.delete(this.#dispatch);
      if (due.length > 0) await this.#endAll(due);
      else if (handed.length === 0)
        await sleep(this.#inHand > 0 ? 1 : Math.min(IDLE_MS, nextDueMs ?? IDLE_MS));
    }
    await this.#jobs?.close();
    const { redis, keys } = this.#fleet;
    while (Number((await redis.hget(keys.crawl(SCALE_CRAWL), 'out')) ?? 0) > 0) await sleep(1);
  }

  /** Resolves when the request has ended. */
  #take({ crawl, id, packed, start }: Handed): Promise<void> {
    const request = unpackRequest(packed);
    const key = limiterKeyOfRequest(request);
    const isGranted = start !== 'ahead' && start !== 'ask';
    return new Promise((resolve, reject) => {
      const ended = () => {
        this.#inHand--;
        resolve();
      };
      const holder = isGranted ? jobIdOf(crawl, id) : null;
      const page: InHand = { id, request, key, claim: 0, holder, server: '', ended };
      if (isGranted) this.#begin(page);
      else if (start === 'ahead' && this.#held.has(key)) push(this.#waiting, key, page);
      else this.#ask(page, start === 'ask').catch(reject);
    });
  }

  /** The page has a slot, and its fetch would start now. */
  #begin(page: InHand): void {
    this.#held.set(page.key, (this.#held.get(page.key) ?? 0) + 1);
    push(this.#ending, this.#dispatch + dispatchesOf(pageAtUrl(page.request.url)), page);
  }

  async #ask(page: InHand, claims: boolean): Promise<void> {
    const { id, key } = page;
    const holder = `simulator/${id}`;
    const question = { crawl: SCALE_CRAWL, id, key, holder, asker: holder, claims };
    for (;;) {
      this.#parts.work.asked++;
      const answer = await askGate(this.#fleet, { ...question, serverOf: async () => '-' }, IDLE_MS);
      if (answer.kind === 'later') {
        await sleep(answer.afterMs);
        continue;
      }
      if (answer.kind !== 'go') return page.ended(); // it came twice, and the other has ended it
      const { delayMs, intervalMs, claim, server } = answer;
      Object.assign(page, { holder, claim, server });
      if (delayMs + intervalMs > 0)
        await this.#fleet.run(startedScript, { key, holder, delayMs, intervalMs });
      this.#begin(page);
      return;
    }
  }

  async #endAll(pages: readonly InHand[]): Promise<void> {
    const ends = pages.map((page) => this.#end(page));
    await Promise.all(ends);
    for (const page of pages) {
      this.#leave(page);
      page.ended();
    }
  }

  async #end({ id, claim, key, request }: InHand): Promise<void> {
    const { web, known, nextNumber, work } = this.#parts;
    const page = pageAtUrl(request.url);
    known.note(page);
    let [links, abroad] = ['', 0];
    for (const linked of linksOf(page, web, known, nextNumber)) {
      const found = requestOf(linked, request, web);
      links += packBatchEntry(found, key);
      if (shardOf(this.#fleet, limiterKeyOf(found.url)) !== this.#fleet) abroad++;
    }
    const recorded = {
      kind: 'recorded',
      status: 200,
      code: null,
      bytes: 10_000,
      reason: '',
      host: '',
    } as const;
    const ending = { ...recorded, crawl: SCALE_CRAWL, id, claim, key, links, leftOut: {}, items: null };
    const ended = await this.#committer.commit(ending);
    if (ended !== 'done') return; // it came twice
    work.pages++;
    work.tested += web.links;
    work.abroad += abroad;
  }

  /** Its slot goes to a request here that waits for one of the key, or back to the fleet. */
  #leave({ key, holder, server }: InHand): void {
    const left = (this.#held.get(key) ?? 1) - 1;
    if (left > 0) this.#held.set(key, left);
    else this.#held.delete(key);
    const next = this.#waiting.get(key)?.shift();
    if (next) {
      Object.assign(next, { holder, server });
      this.#begin(next);
      return;
    }
    this.#waiting.delete(key);
    if (holder !== null) this.#releases.push({ key, holder, server });
  }
}

function requestOf(page: WebPage, parent: Request, web: Web): Request {
  return { url: pageUrl(page, web), depth: parent.depth + 1, referrer: parent.url, extras: null };
}

function push<Key, One>(lists: Map<Key, One[]>, key: Key, one: One): void {
  const list = lists.get(key);
  if (list) list.push(one);
  else lists.set(key, [one]);
}
