// Ends requests. Pages that end at about the same time share one atomic script call.
import type { Fleet } from '../fleet.ts';
import { defineScript, oneOf, type ScriptArgument, type ScriptReply } from '../scripts.ts';
import { settleParked } from './shards/grants.ts';
import { carryLinks, linksSent, splitLinks } from './shards/links-out.ts';

/** All that the end of one request changes. */
export interface Ending {
  crawl: string;
  id: string;
  claim: number;
  kind: 'recorded' | 'refused' | 'dead';
  key: string;
  status: number | null;
  code: string | null;
  bytes: number;
  /** The page is as the former run of the crawl has recorded it. */
  isUnchanged?: boolean;
  /**
   * In a crawl that asks only for what is due (--only-due): whether it was. The others end without a slot.
   */
  isDue?: boolean | null;
  /**
   * For a dead request: the failure that the crawl keeps, and the host under which the dead letter is found.
   */
  reason: string;
  host: string;
  /** Its links, as packBatchEntry packs them; at most BATCH. */
  links: string;
  /** How many links did not become requests, by the code of the reason. */
  leftOut: Readonly<Record<string, number>>;
  /** How many items its handler emitted; null when none took the page. */
  items: { handler: string; count: number } | null;
  /** Where the record is, if it is not where the committer's process keeps records. */
  place?: string;
}

/**
 * done: this call ended it. limited: it did, and --limit or --max-per-host left out some of its links. ended:
 * it had ended before. taken: another consumer has it, and nothing was changed.
 */
export type Ended = 'done' | 'limited' | 'ended' | 'taken';
const endedOf = oneOf<Ended>('done', 'limited', 'ended', 'taken');

const commitScript = defineScript({
  path: 'frontier/lua/commit.lua',
  isAcknowledged: true,
  key: (keys) => keys.activeCrawls,
  args: ({ place, endings }: { place: string; endings: readonly Ending[] }) => {
    const args: ScriptArgument[] = [place];
    for (const ending of endings) pushEnding(args, ending);
    return args;
  },
  answer: readAnswer,
});

interface Committed {
  /** What became of each request, and how many of its links were parked. */
  endings: readonly { ended: Ended; parked: number }[];
  /** The links of all of them that went to the outbox, by crawl. */
  sent: ReadonlyMap<string, readonly ScriptReply[]>;
}

function readAnswer(reply: ScriptReply): Committed {
  const answers = reply as ScriptReply[];
  const sent = (answers.at(-1) as ScriptReply[][]).map(
    ([crawl, ...lists]) => [String(crawl), lists] as const,
  );
  const endings = answers.slice(0, -1).map((answer) => {
    const [word, parked] = Array.isArray(answer) ? answer : [answer, 0];
    return { ended: endedOf(word), parked: Number(parked) };
  });
  return { endings, sent: new Map(sent) };
}

/**
 * Adds the arguments in the order in which commit.lua reads them. Names would have to be sent with every
 * page.
 */
function pushEnding(args: ScriptArgument[], ending: Ending): void {
  const { crawl, id, claim, kind, key, status, code, bytes, reason, links, leftOut, items, host } = ending;
  let counts = '';
  for (const why in leftOut) counts += `x:${why} ${leftOut[why]};`;
  if (ending.isUnchanged) counts += 'unchanged 1;';
  if ((ending.isDue ?? null) !== null) counts += ending.isDue ? 'due 1;' : 'notDue 1;';
  if (items !== null) counts += `i:${items.handler} ${items.count};`;
  args.push(crawl, id, claim, kind, key, status ?? '', code ?? '', bytes, reason, links, counts, host);
}

const MOST_ENDINGS = 64;
const MOST_CHARACTERS = 256 * 1024;

export interface Committer {
  commit(ending: Ending): Promise<Ended>;
}

interface Pending {
  ending: Ending;
  resolve(ended: Ended): void;
  reject(error: unknown): void;
}

/**
 * `place` is where this process keeps records, MACHINE:DIRECTORY, unless an ending names another: the crawl
 * counts how many of its records are there. With '' it does not count them. `fleet` is the shard of all
 * requests. `onError` hears why links could not be delivered to other shards; that is done later.
 */
export function createCommitter(
  fleet: Fleet,
  place: string,
  onError: (error: unknown) => void = () => undefined,
): Committer {
  const areShards = fleet.shards.length > 1;
  const queue: Pending[] = [];
  let running = false;

  async function run(): Promise<void> {
    while (queue.length > 0) {
      const at = queue[0]?.ending.place ?? place;
      const batch = takeBatch(queue, (ending) => (ending.place ?? place) === at);
      await commitBatch(fleet, at, batch, onError);
    }
    running = false;
  }

  return {
    commit(given) {
      const { links } = given;
      const ending = areShards ? { ...given, links: splitLinks(fleet, links) } : given;
      return new Promise((resolve, reject) => {
        queue.push({ ending, resolve, reject });
        if (running) return;
        running = true;
        // Requests whose records became durable with the same fdatasync come in the same tick. They all go in
        // one call.
        setImmediate(run);
      });
    },
  };
}

/** The next endings, as long as they belong together. */
function takeBatch(queue: Pending[], belongs: (ending: Ending) => boolean): Pending[] {
  let characters = 0;
  let count = 0;
  while (count < queue.length && count < MOST_ENDINGS && characters < MOST_CHARACTERS) {
    const { ending } = queue[count] as Pending;
    if (!belongs(ending)) break;
    characters += ending.links.length;
    count++;
  }
  return queue.splice(0, count);
}

async function commitBatch(
  fleet: Fleet,
  place: string,
  batch: Pending[],
  onError: (error: unknown) => void,
): Promise<void> {
  try {
    const endings = batch.map(({ ending }) => ending);
    const committed = await fleet.run(commitScript, { place, endings });
    for (const [index, { resolve }] of batch.entries()) resolve(committed.endings[index]?.ended as Ended);
    if (fleet.shards.length > 1) followUp(fleet, endings, committed).catch(onError);
  } catch (error) {
    for (const { reject } of batch) reject(error);
  }
}

/** Delivers the links to other shards, and brings in what was parked. */
async function followUp(fleet: Fleet, given: readonly Ending[], committed: Committed): Promise<void> {
  const { endings, sent } = committed;
  const parked = new Set(given.flatMap(({ crawl }, at) => (endings[at]?.parked ? [crawl] : [])));
  const hasEnded = (at: number) => endings[at]?.ended === 'done' || endings[at]?.ended === 'limited';
  const links = [...sent].flatMap(([crawl, lists]) => {
    const ofCrawl = given.filter((ending, at) => ending.crawl === crawl && hasEnded(at));
    return linksSent(
      crawl,
      ofCrawl.map((ending) => ending.links),
      lists,
    );
  });
  await Promise.all([
    links.length > 0 ? carryLinks(fleet, links) : null,
    ...[...parked].map((crawl) => settleParked(fleet, crawl)),
  ]);
}
