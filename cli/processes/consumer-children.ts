// The consumer processes of one command: starts as many as are wanted, replaces those that die, and gives up
// when they die again and again.
import { catalogue, DroverError } from '../../src/errors.ts';
import type { Log } from '../../src/log.ts';
import { printable, shorten } from '../../src/printable.ts';
import { type ChildEnd, type ChildEvents, ConsumerChild } from './consumer-child.ts';
import { ProcessesFailure } from './failure.ts';
import type { Load } from './messages.ts';

/** Wait before a process that has died is replaced. */
const PAUSE_MS = 1000;
/** So often in a row one may end before it consumes: its settings or its machine do not allow it. */
const MOST_STARTS = 3;
/** A process that has consumed for so long has not died of its start. */
const EARLY_MS = 3000;
/**
 * So often in a row one may end early after it has begun. This is more often, because a page may be the
 * cause, and it is found out after some deaths.
 */
const MOST_EARLY = 10;
/** So much of what it wrote is told, in characters. */
const MOST_TOLD = 300;

/** One of the wanted processes, and those that replaced it. */
interface Member {
  child: ConsumerChild | null;
  /** Ends in a row before it consumed, and early ones after that. */
  starts: number;
  early: number;
}

export interface ChildrenParts extends Omit<ChildEvents, 'onEnd'> {
  words: readonly string[];
  graceMs: number;
  log: Log;
  /** One of them could not be replaced, and has no place any more. */
  onGivenUp(failure: ProcessesFailure): void;
}

export class ConsumerChildren {
  readonly #parts: ChildrenParts;
  #members: Member[] = [];
  /** Those that were told to stop. */
  readonly #leaving = new Set<ConsumerChild>();
  #isStopping = false;

  constructor(parts: ChildrenParts) {
    this.#parts = parts;
  }

  /** How many are wanted. */
  get wanted(): number {
    return this.#members.length;
  }

  get consuming(): number {
    return this.#members.filter(({ child }) => child?.isConsuming).length;
  }

  /** Of those that consume. */
  get loads(): Load[] {
    return this.#members.flatMap(({ child }) => child?.load ?? []);
  }

  /** Whether all that are wanted consume, and no other is left. */
  get isSettled(): boolean {
    return this.consuming === this.wanted && this.#leaving.size === 0;
  }

  /** Starts processes, or tells the last ones to stop. */
  want(count: number): void {
    while (this.#members.length > count) this.#dismiss(this.#members.pop());
    while (this.#members.length < count && !this.#isStopping) {
      const member: Member = { child: null, starts: 0, early: 0 };
      this.#members.push(member);
      this.#start(member);
    }
  }

  /** Resolves when all have ended. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.want(0);
    await Promise.all([...this.#leaving].map(({ ended }) => ended));
  }

  kill(): void {
    this.#isStopping = true;
    for (const { child } of this.#members) child?.kill();
    for (const child of this.#leaving) child.kill();
  }

  #dismiss(member: Member | undefined): void {
    const child = member?.child;
    if (!child) return;
    this.#leaving.add(child);
    void child.stop(this.#parts.graceMs).then(() => this.#leaving.delete(child));
  }

  #start(member: Member): void {
    const events = { ...this.#parts, onEnd: (end: ChildEnd) => this.#ended(member, end) };
    try {
      member.child = new ConsumerChild(this.#parts.words, events);
    } catch (error) {
      const how = `could not start: ${error instanceof Error ? error.message : error}`;
      this.#ended(member, { how, code: null, said: '', consumedMs: null, pid: null, reason: null });
    }
  }

  #ended(member: Member, end: ChildEnd): void {
    member.child = null;
    if (this.#isStopping || !this.#members.includes(member)) return;
    const { how, pid, said, consumedMs, reason } = end;
    this.#parts.log.warn({ childPid: pid, how, said }, 'a consumer process has ended by itself');
    // An outage is waited for, and the command itself tells of it.
    const isOutage = reason instanceof DroverError && catalogue[reason.code].passes === true;
    if (isOutage) {
      this.#replace(member);
      return;
    }
    member.starts = consumedMs === null ? member.starts + 1 : 0;
    member.early = consumedMs !== null && consumedMs < EARLY_MS ? member.early + 1 : 0;
    if (member.starts >= MOST_STARTS || member.early >= MOST_EARLY) {
      this.#members = this.#members.filter((other) => other !== member);
      this.#parts.onGivenUp(failureOf(end, member.starts + member.early));
      return;
    }
    const why = causeIn(said);
    const because = why === null ? '' : ` (${why})`;
    this.#parts.onLine(`a consumer process (${pid ?? 'no pid'}) ${how}${because}; another takes its place`);
    this.#replace(member);
  }

  #replace(member: Member): void {
    setTimeout(() => {
      if (!this.#isStopping && this.#members.includes(member)) this.#start(member);
    }, PAUSE_MS).unref();
  }
}

function failureOf({ how, code, said }: ChildEnd, times: number): ProcessesFailure {
  const why = causeIn(said) ?? said.slice(-MOST_TOLD).replaceAll(/\s*\n\s*/g, ' ');
  return new ProcessesFailure(
    `${times} times in a row, at last it ${how}.${why === '' ? '' : ` It said: ${why}`}`,
    code,
  );
}

/** The line of an error of drover, of V8 or of JavaScript in what a process wrote; null if there is none. */
export function causeIn(said: string): string | null {
  const [line] = /^(?:drover: |FATAL ERROR: |(?:Uncaught )?\w*Error\b).*$/m.exec(said) ?? [];
  return line === undefined ? null : shorten(printable(line.trim()), MOST_TOLD);
}
