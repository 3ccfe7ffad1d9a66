// Calls from a thread to its consumer. The consumer answers each with a value or an error.
import { HandlerFault } from '../verdicts.ts';
import type { CallAnswer, FromThread } from './messages.ts';

/** The calls of one page. */
export class RemoteCalls {
  readonly #page: number;
  readonly #tell: (message: FromThread) => void;
  readonly #open = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;

  constructor(page: number, tell: (message: FromThread) => void) {
    this.#page = page;
    this.#tell = tell;
  }

  /**
   * Asks the consumer. `name` is one of the calls that it offers (see ThreadedPage.calls), `args` is plain
   * data. Rejects with a HandlerFault when the answer is a failure of the catalogue, with an Error for any
   * other error, and never after the page has ended.
   */
  call(name: string, args: unknown): Promise<unknown> {
    const call = ++this.#last;
    const answer = Promise.withResolvers<unknown>();
    this.#open.set(call, answer);
    this.#tell({ kind: 'call', page: this.#page, call, name, args });
    return answer.promise;
  }

  answered(call: number, answer: CallAnswer): void {
    const open = this.#open.get(call);
    this.#open.delete(call);
    if ('value' in answer) open?.resolve(answer.value);
    else open?.reject('failure' in answer ? new HandlerFault(answer.failure) : new Error(answer.error));
  }
}
