// Who takes part in a fleet: consumers and servers that run, and those that have stopped or vanished in the
// last ten minutes.
import type { Fleet } from '../fleet.ts';
import { defineScript } from '../scripts.ts';
import type { Standing } from './heartbeat.ts';

/**
 * running: it takes jobs. stopping: it ends what it has in hand. stopped: it has left as it should. vanished:
 * it was killed, or does not reach Redis; what it had in hand goes to others.
 */
export type MemberState = 'running' | 'stopping' | 'stopped' | 'vanished';

/** A consumer or server, as it was when it was last seen. */
export interface FleetMember extends Standing {
  /** Its name in the log. */
  consumer: string;
  state: MemberState;
  /** Time since its last heartbeat. */
  lastSeenMs: number;
}

interface ToldMember {
  consumer: string;
  seen: number;
  standing: string;
  left: boolean;
  alive: boolean;
}

/** Who had a heartbeat since then is there: a server, or a consumer whose lease is not noted yet. */
const SILENT_MS = 5000;

const membersScript = defineScript({
  path: 'fleet/lua/members.lua',
  key: (keys) => keys.members,
  args: () => [],
  answer: (reply) => JSON.parse(String(reply)) as { now: number; members: ToldMember[] | null },
});

/** Those that run come first, then the others; each kind by machine, process and name. */
export async function readMembers(fleet: Fleet): Promise<FleetMember[]> {
  const { now, members } = await fleet.run(membersScript, null);
  return (members ?? [])
    .map(({ consumer, seen, standing, left, alive }) => {
      const told = JSON.parse(standing) as Standing;
      const lastSeenMs = Math.max(0, now - seen);
      return {
        consumer,
        state: stateOf(told, left, alive || (lastSeenMs < SILENT_MS && isNew(told))),
        lastSeenMs,
        ...told,
      };
    })
    .sort(
      (one, other) =>
        placeOf(one) - placeOf(other) || nameOf(one).localeCompare(nameOf(other), 'en', { numeric: true }),
    );
}

function stateOf({ isStopping }: Standing, hasLeft: boolean, isAlive: boolean): MemberState {
  if (hasLeft) return 'stopped';
  if (!isAlive) return 'vanished';
  return isStopping ? 'stopping' : 'running';
}

/** Whether nothing but its heartbeat says that it is there. */
const isNew = ({ kind, uptimeMs }: Standing) => kind === 'api' || uptimeMs < SILENT_MS;
const placeOf = ({ state }: FleetMember) => ['running', 'stopping', 'vanished', 'stopped'].indexOf(state);
const nameOf = ({ host, pid, consumer }: FleetMember) => `${host} ${pid} ${consumer}`;
