// The checks of `drover doctor`, one small function each. They send nothing over the network except to Redis,
// the store and the proxies.
import { getServers } from 'node:dns';
import { access, constants, readFile, statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { S3Address } from '../src/config/s3-address.ts';
import type { Settings } from '../src/config/settings.ts';
import { plainStore, readStoreAddress } from '../src/config/store-address.ts';
import { makeDirectory } from '../src/embedded/redis-files.ts';
import { checkVersion } from '../src/embedded/start.ts';
import { catalogue, DroverError } from '../src/errors.ts';
import { NEWEST } from '../src/records/postgres/migrations.ts';
import { checkPostgresStore } from '../src/records/postgres/postgres-store.ts';
import { checkS3Store } from '../src/records/s3/probe.ts';
import type { RedisAddress } from '../src/redis.ts';
import { type Check, check, failed, inUnits } from './doctor/check.ts';
import { redisChecks } from './doctor/redis-checks.ts';
import { checkProxies } from './proxies/doctor-check.ts';
import { checkBrowser } from './render/doctor-check.ts';

export interface CheckContext {
  readonly settings: Settings;
  readonly address: RedisAddress;
}

/**
 * All checks, in the order to show them. When Redis cannot be used, its checks are left out, except the one
 * that says why.
 */
export async function runChecks({ settings, address }: CheckContext): Promise<Check[]> {
  const groups = await Promise.all([
    nodeVersion(),
    redisServer(settings),
    redisChecks(address, settings),
    dataDirectory(settings.dataDir),
    diskSpace(settings.dataDir),
    storeOfRecords(settings.store),
    openFiles(settings.concurrency),
    nameServers(settings.dnsServers),
    checkProxies(settings),
    checkBrowser(settings),
  ]);
  return groups.flat();
}

function nodeVersion(): Check {
  const version = process.versions.node;
  const ok = Number(version.split('.')[0]) >= 24 ? 'yes' : 'no';
  return check('Node', ok, version, 'Install Node 24 or later.');
}

async function redisServer({ redisUrl }: Settings): Promise<Check> {
  const name = 'redis-server';
  if (redisUrl !== null) return check(name, 'yes', 'not needed: the Redis of REDIS_URL is used');
  try {
    return check(name, 'yes', `${await checkVersion()} on the PATH`);
  } catch (error) {
    return failed(name, error);
  }
}

const dataDirectory = (path: string) => writable('data directory', path);

async function writable(name: string, path: string): Promise<Check> {
  try {
    await makeDirectory(resolve(path));
    await access(path, constants.W_OK | constants.X_OK);
    return check(name, 'yes', `${path} is writable`);
  } catch (cause) {
    return failed(name, new DroverError('E_DATA_DIR', `${(cause as Error).message}.`, { cause }));
  }
}

async function diskSpace(path: string): Promise<Check[]> {
  const found = await statfs(path).catch(() => null);
  if (!found) return [];
  const free = found.bavail * found.bsize;
  const ok = free < 100e6 ? 'no' : free < 2e9 ? 'warn' : 'yes';
  return [check('disk', ok, `${inUnits(free)} free`, 'Free some space; 100,000 pages take about 2 GB.')];
}

/** Only when a store was named: without one, records lie in the data directory, which has its own check. */
async function storeOfRecords(given: string | null): Promise<Check[]> {
  const address = given === null ? null : readStoreAddress(given);
  if (address === null) return [];
  if (address.kind === 'file')
    return address.directory === null ? [] : [await writable('store', address.directory)];
  if (address.kind === 's3') return storeInBucket(address);
  try {
    const { server: version, version: tables, mayMake, mayWrite, ms } = await checkPostgresStore(address);
    const made = tables === 0 ? 'no tables yet' : `tables of version ${tables}`;
    const says = `PostgreSQL ${version} at ${plainStore(address)}, ${made}, answers in ${ms.toFixed(1)} ms`;
    if (mayWrite && (tables === NEWEST || mayMake)) return [check('store', 'yes', says)];
    const lacks = mayWrite ? 'make its tables' : 'write its tables';
    return [check('store', 'no', `${says}; this user may not ${lacks}`, catalogue.E_STORE_RIGHTS.advice)];
  } catch (error) {
    return [failed('store', error)];
  }
}

async function storeInBucket(address: S3Address): Promise<Check[]> {
  try {
    const { ms, isConditional } = await checkS3Store(address);
    const puts = isConditional
      ? 'obeys If-None-Match'
      : 'does not obey If-None-Match, which drover can do without';
    return [
      check('store', 'yes', `${plainStore(address)} can be written, ${puts}, answers in ${ms.toFixed(1)} ms`),
    ];
  } catch (error) {
    return [failed('store', error)];
  }
}

/**
 * Each fetch uses a socket and, for a moment, also the one that it replaces. The 100 are for Redis, files and
 * libraries.
 */
async function openFiles(concurrency: number): Promise<Check> {
  const limit = await openFileLimit();
  const need = 2 * concurrency + 100;
  const says = `${limit === Number.POSITIVE_INFINITY ? 'no limit' : limit}, of which ${need} are needed`;
  return check(
    'open files',
    limit < need ? 'no' : 'yes',
    says,
    `Run ulimit -n ${need}, or lower --concurrency.`,
  );
}

async function openFileLimit(): Promise<number> {
  const table = await readFile('/proc/self/limits', 'utf8').catch(() => null);
  const soft = table ? /^Max open files\s+(\S+)/m.exec(table)?.[1] : softLimitOfReport();
  return soft === undefined || soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

function softLimitOfReport(): string | undefined {
  // Without this the report looks up the names of all peers, which may take seconds.
  Object.assign(process.report, { excludeNetwork: true });
  const report = process.report?.getReport() as { userLimits?: { open_files?: { soft: string | number } } };
  const soft = report.userLimits?.open_files?.soft;
  return soft === undefined ? undefined : String(soft);
}

function nameServers(chosen: readonly string[]): Check {
  const servers = chosen.length > 0 ? chosen : getServers();
  const says = servers.length > 0 ? servers.join(', ') : 'none';
  return check('name servers', servers.length > 0 ? 'yes' : 'warn', says, 'Give one with --dns-server.');
}
