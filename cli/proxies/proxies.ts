// drover proxies: how the proxies of the consumers stand.
import { type FleetProxy, readFleetProxies } from '../../src/fleet/fleet-proxies.ts';
import { printable } from '../../src/printable.ts';
import { EXIT } from '../command/failures.ts';
import { openSession } from '../command/session.ts';
import type { LookOptions } from '../options.ts';
import { columns } from '../terminal/columns.ts';
import { durationText } from '../terminal/figures.ts';

/** Resolves with the exit code: 1 when no consumer can use any of its proxies. */
export async function run(_args: string[], options: LookOptions): Promise<number> {
  const session = await openSession(options.settings);
  try {
    const { proxies, untold } = await readFleetProxies(session.fleet);
    process.stdout.write(options.json ? asLines(proxies) : table(proxies, untold));
    const isAnyThere = proxies.some(({ consumers, leftOutBy }) => leftOutBy < consumers);
    return proxies.length === 0 || isAnyThere ? EXIT.recorded : EXIT.dead;
  } finally {
    await session.close();
  }
}

function asLines(proxies: readonly FleetProxy[]): string {
  return proxies.map((proxy) => `${JSON.stringify(proxy)}\n`).join('');
}

function table(proxies: readonly FleetProxy[], untold: number): string {
  if (proxies.length === 0) return 'no running consumer uses a proxy\n';
  const rows = proxies.map((proxy) => [
    printable(proxy.name),
    stateOf(proxy),
    String(proxy.inFlight),
    String(proxy.worked),
    String(proxy.failed),
    proxy.failure === null ? '' : printable(`${proxy.failure.code} ${proxy.failure.message}`),
  ]);
  const more = untold > 0 ? `and ${untold} more, which work\n` : '';
  return columns(['proxy', 'state', 'in flight', 'worked', 'failed', 'last failure'], rows, 1) + more;
}

function stateOf({ consumers, leftOutBy, leftOutMs }: FleetProxy): string {
  if (leftOutBy === 0) return 'works';
  const by = leftOutBy < consumers ? ` by ${leftOutBy} of ${consumers}` : '';
  return `left out${by} for ${durationText(leftOutMs)}`;
}
