// Child processes for handlers that may crash natively. Each runs one page at a time.
import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type {
  FromChild,
  FromThread,
  PageReply,
  PageTask,
  StrayError,
  ThreadSetUp,
  ToThread,
} from './messages.ts';
import { type BegunPage, type Runtime, ThreadEnd } from './runtime.ts';

interface PageInChild {
  readonly page: number;
  readonly hear: (message: FromThread) => void;
  readonly reply: PromiseWithResolvers<PageReply>;
}

interface Child {
  readonly process: ChildProcess;
  current: PageInChild | null;
}

/** They start with the first page that needs one more. */
export class Children implements Runtime {
  readonly #setUp: ThreadSetUp;
  readonly #memoryMb: number;
  readonly #hearStray: (stray: StrayError) => void;
  readonly #all = new Set<Child>();
  readonly #idle: Child[] = [];

  constructor(
    setUp: ThreadSetUp,
    { memoryMb, hearStray }: { memoryMb: number; hearStray: (stray: StrayError) => void },
  ) {
    this.#setUp = setUp;
    this.#memoryMb = memoryMb;
    this.#hearStray = hearStray;
  }

  begin(task: PageTask, hear: (message: FromThread) => void): BegunPage {
    const child = this.#idle.pop() ?? this.#fork();
    const reply = Promise.withResolvers<PageReply>();
    reply.promise.catch(() => undefined);
    child.current = { page: task.page, hear, reply };
    const tell = (message: ToThread) => {
      // What it does not hear because it has just ended, its exit tells.
      if (child.process.connected) child.process.send(message, () => undefined);
    };
    tell({ kind: 'run', page: task.page, task });
    return {
      reply: reply.promise,
      tell,
      end: () => void child.process.kill('SIGKILL'),
      usedBytes: () => residentBytes(child.process.pid),
    };
  }

  async close(): Promise<void> {
    const ends = [...this.#all].map(({ process }) => {
      const end = new Promise((ended) => process.once('exit', ended));
      process.kill('SIGKILL');
      return end;
    });
    await Promise.all(ends);
  }

  #fork(): Child {
    const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const program = fileURLToPath(new URL(`./child.${ending}`, import.meta.url));
    const child: Child = {
      process: fork(program, [JSON.stringify(this.#setUp)], {
        serialization: 'advanced',
        // The consumer watches the memory. This is for systems where it cannot.
        execArgv: [...process.execArgv, `--max-old-space-size=${this.#memoryMb * 2}`],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      }),
      current: null,
    };
    this.#all.add(child);
    child.process.on('message', (sent: Partial<FromChild> | null) => {
      if (sent?.ofDrover) this.#hear(child, sent.ofDrover);
    });
    child.process.once('error', (error) => this.#ended(child, error.message));
    child.process.once('exit', (code, signal) =>
      this.#ended(
        child,
        signal ? `The signal ${signal} ended its process.` : `Its process exited with ${code}.`,
      ),
    );
    return child;
  }

  #hear(child: Child, message: FromThread): void {
    if (message.kind === 'stray') this.#hearStray(message);
    else if (message.page === child.current?.page) this.#hearOfPage(child, child.current, message);
  }

  #hearOfPage(child: Child, current: PageInChild, message: Exclude<FromThread, { kind: 'stray' }>): void {
    if (message.kind !== 'reply') {
      current.hear(message);
      return;
    }
    if (!message.reply.isLast) {
      child.current = null;
      this.#idle.push(child);
    }
    current.reply.resolve(message.reply);
  }

  #ended(child: Child, detail: string): void {
    this.#all.delete(child);
    const place = this.#idle.indexOf(child);
    if (place >= 0) this.#idle.splice(place, 1);
    child.current?.reply.reject(new ThreadEnd(detail));
  }
}

/** Null on systems other than Linux. */
async function residentBytes(pid: number | undefined): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}
