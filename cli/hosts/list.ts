// drover hosts: prints the state of hosts.

import { listOpenCrawls } from '../../src/crawl/crawl.ts';
import { type HostState, listHosts, lookAtHosts } from '../../src/frontier/hosts.ts';
import { phraseOf } from '../../src/politeness/held-back.ts';
import { printable } from '../../src/printable.ts';
import { hostKey } from '../../src/url/host.ts';
import { EXIT } from '../command/failures.ts';
import { openSession } from '../command/session.ts';
import { columns } from '../terminal/columns.ts';
import { clock, durationText } from '../terminal/figures.ts';
import { inOwnWords } from '../terminal/own-hints.ts';
import type { ListHostsOptions } from './options.ts';

/** Resolves with the exit code. */
export async function run(args: string[], options: ListHostsOptions): Promise<number> {
  const session = await openSession(options.settings);
  try {
    const { fleet } = session;
    const keys =
      args.length > 0
        ? args.map(hostKey)
        : await listHosts(fleet, await listOpenCrawls(fleet), options.limit);
    const states = await lookAtHosts(fleet, keys);
    process.stdout.write(options.json ? asLines(states) : table(states));
    return EXIT.recorded;
  } finally {
    await session.close();
  }
}

function asLines(states: readonly HostState[]): string {
  return states.map((state) => `${JSON.stringify(state)}\n`).join('');
}

function table(states: readonly HostState[]): string {
  if (states.length === 0) return 'no host has requests of an open crawl\n';
  const rows = states.map((state) => [
    printable(state.key),
    String(state.waiting),
    String(state.open),
    `${state.inFlight} of ${state.concurrency}`,
    spacing(state),
    state.latencyMs === null ? '' : `${state.latencyMs} ms`,
    remarks(state).join('; '),
  ]);
  return columns(['host', 'waiting', 'open', 'in flight', 'delay', 'latency', ''], rows, 1);
}

/** The least time between two starts that is in force now. */
function spacing({ delayMs, intervalMs }: HostState): string {
  const most = Math.max(delayMs, intervalMs);
  if (most === 0) return '';
  return most < 1000 ? `${Math.ceil(most)} ms` : durationText(most);
}

function remarks({ set, holds, server }: HostState): string[] {
  const isSet = Object.values(set).some((value) => value !== null);
  return [
    ...holds.map((hold) => printable(`${phraseOf(hold, clock)} (${inOwnWords(hold.change)})`)),
    isSet ? 'limits set by the operator' : '',
    server ? `server ${printable(server)}` : '',
  ].filter(Boolean);
}
