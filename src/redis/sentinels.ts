// What Sentinels say of a primary, and which of them is believed when they differ.
import type { RedisServer } from './address.ts';

/** A connection for questions. */
export interface GuideLine {
  readonly status: string;
  call(command: string, ...args: string[]): Promise<unknown>;
  on(event: 'error' | 'connect', then: (error: Error) => void): unknown;
  disconnect(): void;
}

/** What one guide says: a Sentinel, or a node of a Cluster. */
export interface GuideAnswer {
  primary: RedisServer;
  /** Other guides that it knows. */
  others: RedisServer[];
  /** Of a Sentinel: it grows with each failover. */
  epoch?: number;
  /** Of a Sentinel: it has begun to replace this primary, and has not named the next one. */
  isChoosing?: boolean;
}

/** Asks one Sentinel. Throws when it knows no primary of this name. */
export async function askSentinel(line: GuideLine, name: string): Promise<GuideAnswer> {
  const [primary, sentinels, known] = await Promise.all([
    line.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name) as Promise<[string, string] | null>,
    (line.call('SENTINEL', 'SENTINELS', name) as Promise<unknown[]>).catch(() => []),
    line.call('SENTINEL', 'MASTER', name).then(fieldsOf, () => null),
  ]);
  if (primary === null) throw new Error(`No Sentinel knows a primary of the name ${name}`);
  const { ip = '', port = '', flags = '', 'config-epoch': epoch } = known ?? {};
  const found = serverOf(primary);
  return {
    primary: found,
    others: sentinels.flatMap(sentinelOf),
    epoch: Number(epoch ?? 0),
    // Of a Sentinel that replaces a primary, the address that it gives to clients changes before this one.
    isChoosing: flags.includes('failover_in_progress') && isSameServer(found, serverOf([ip, port])),
  };
}

/**
 * The primary by what several Sentinels say. After a failover, those that have not led it name the former one
 * for up to two seconds more. It may be there again, with a replica that has not left it yet: what it then
 * acknowledges is lost. So the one with the highest epoch is right, and nobody while it replaces the primary.
 */
export function newestPrimary(answers: readonly GuideAnswer[]): RedisServer {
  const [newest] = answers.toSorted((one, other) => (other.epoch ?? 0) - (one.epoch ?? 0));
  if (!newest) throw new Error('No Sentinel answers');
  if (answers.some((one) => one.isChoosing && one.epoch === newest.epoch))
    throw new Error('The Sentinels choose another primary');
  return newest.primary;
}

/** One of the other Sentinels. */
function sentinelOf(reply: unknown): RedisServer[] {
  const { ip, port, flags = '' } = fieldsOf(reply);
  return ip && port && !/down|disconnected/.test(flags) ? [serverOf([ip, port])] : [];
}

/** The fields of an answer, which are a list or a map. */
function fieldsOf(reply: unknown): Record<string, string> {
  return Array.isArray(reply)
    ? Object.fromEntries(reply.flatMap((name, index) => (index % 2 ? [] : [[name, reply[index + 1]]])))
    : (reply as Record<string, string>);
}

export function serverOf([host, port]: readonly [string, string | number]): RedisServer {
  return { host, port: Number(port) };
}

export const isSameServer = (one: RedisServer, other: RedisServer) =>
  one.host === other.host && one.port === other.port;
