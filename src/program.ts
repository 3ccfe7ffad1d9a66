// What a program does with a fleet, by the package's entry. The parts are loaded when they are first used:
// files with handlers import the package too, on each thread, and use none of it.
import type { ConsumerOptions, ProgramConsumer } from '../consumers/run.ts';
import type { Producer, ProducerOptions } from '../producers/producer.ts';
import type { FleetOptions } from './fleet/join.ts';
import type { CrawlRecord } from './record.ts';

/**
 * Joins the fleet and fetches requests of all crawls, until it is closed. Settings that are not given come
 * from DROVER_* variables and drover.config, as for `drover consume`. When the machine's clock is more than
 * two seconds off that of Redis, Date.now() of the process follows Redis, since BullMQ has no other clock.
 * Throws E_SETTING and E_HANDLER_FILE, which name what is wrong, and errors of layers redis and disk.
 */
export async function createConsumer(options: ConsumerOptions = {}): Promise<ProgramConsumer> {
  const { runInProgram } = await import('../consumers/run.ts');
  return runInProgram(options);
}

/**
 * Begins the crawl, or goes on with the unfinished crawl of that name. Settings that are not given come from
 * DROVER_* variables and drover.config, as for the commands. Throws E_SETTING with the setting's name, and
 * errors of layers redis and disk; E_REDIS_DOWN comes within about 5 s when Redis is away.
 */
export async function createProducer(options: ProducerOptions): Promise<Producer> {
  const { produceInProgram } = await import('../producers/producer.ts');
  return produceInProgram(options);
}

/**
 * The records of a crawl in the data directory of this machine, each request once, as `drover results` prints
 * them. `crawl` is a name (its newest crawl is meant) or an id. Needs memory for about 20 bytes per request
 * and the longest record. Throws E_CRAWL_UNKNOWN, E_SETTING, E_FILE and errors of layer redis; after the last
 * record here, E_RECORDS_MISSING when there are more in other data directories.
 */
export async function* readResults(options: { crawl: string } & FleetOptions): AsyncGenerator<CrawlRecord> {
  const { recordsInProgram } = await import('./crawl/results.ts');
  yield* recordsInProgram(options);
}
