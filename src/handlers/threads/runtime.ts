// Where pages run: on threads or in child processes. Both look alike to the pool.
import type { FromThread, PageReply, PageTask, ToThread } from './messages.ts';

export interface Runtime {
  /** Begins a page in a thread that is free, or in a new one. `hear` gets its messages. */
  begin(task: PageTask, hear: (message: FromThread) => void): BegunPage;
  /** Ends all of them. */
  close(): Promise<void>;
}

export interface BegunPage {
  /** Rejects with a ThreadEnd when the thread ended before. */
  readonly reply: Promise<PageReply>;
  tell(message: ToThread): void;
  /** Ends the thread, whatever it does. */
  end(): void;
  /** Bytes that the thread has in use, with its buffers; null when that is not known. */
  usedBytes(): Promise<number | null>;
}

/** Why a thread ended in the middle of a page. */
export class ThreadEnd extends Error {
  override readonly name = 'ThreadEnd';
  readonly isOutOfMemory: boolean;

  constructor(detail: string, isOutOfMemory = false) {
    super(detail);
    this.isOutOfMemory = isOutOfMemory;
  }
}
