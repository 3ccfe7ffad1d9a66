// drover fleet: who takes part.
import { type FleetMember, readMembers } from '../../src/fleet/members.ts';
import { printable } from '../../src/printable.ts';
import { EXIT } from '../command/failures.ts';
import { openSession } from '../command/session.ts';
import type { LookOptions } from '../options.ts';
import { columns } from '../terminal/columns.ts';
import { count, durationText, size } from '../terminal/figures.ts';
import { warnOfUnserved } from './unserved.ts';

/** Resolves with the exit code. */
export async function run(_args: string[], options: LookOptions): Promise<number> {
  const session = await openSession(options.settings);
  try {
    const members = await readMembers(session.fleet);
    process.stdout.write(
      options.json ? members.map((member) => `${JSON.stringify(member)}\n`).join('') : table(members),
    );
    await warnOfUnserved(session.fleet, members);
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}

const HEAD = [
  ...['host', 'pid', 'state', 'version', 'serves'],
  ...['in flight', 'pages/s', 'pages', 'memory', 'up for', 'last seen'],
];

function table(members: readonly FleetMember[]): string {
  if (members.length === 0) return 'nobody is there, and nobody was in the last ten minutes\n';
  const rows = members.map((member) => {
    const fetches = member.kind === 'consumer';
    const isThere = member.state === 'running' || member.state === 'stopping';
    return [
      printable(member.host),
      String(member.pid),
      member.state,
      printable(member.version),
      servesOf(member),
      fetches && isThere ? `${member.inFlight} of ${member.concurrency}` : '',
      fetches && isThere ? String(member.pagesPerSecond) : '',
      fetches ? count(member.pages) : '',
      size(member.resident),
      durationText(member.uptimeMs),
      isThere ? 'now' : `${durationText(member.lastSeenMs)} ago`,
    ];
  });
  return `${columns(HEAD, rows, 5)}${summaryOf(members)}`;
}

function servesOf({ kind, serves, shards }: FleetMember): string {
  if (kind === 'api') return 'the API';
  const crawls = serves === '*' ? 'all crawls' : printable(serves);
  return shards ? `${crawls} of ${shards.length === 1 ? 'shard' : 'shards'} ${shards.join(',')}` : crawls;
}

/** What matters in a rolling upgrade, and after a crash. */
function summaryOf(members: readonly FleetMember[]): string {
  const running = members.filter(({ state }) => state === 'running' || state === 'stopping');
  const versions = [...new Set(running.map(({ version }) => version))].toSorted();
  const vanished = members.filter(({ state }) => state === 'vanished').length;
  const lines = [
    versions.length > 1 ? `${versions.length} versions at work: ${versions.map(printable).join(', ')}` : '',
    vanished > 0 ? `${vanished} vanished without a word; what they had in hand goes to others by itself` : '',
  ];
  return lines
    .filter(Boolean)
    .map((line) => `${line}\n`)
    .join('');
}
