// What the consumer and a thread, or a child process, of handlers tell each other. All of it is plain data.
import type { Failure } from '../../errors.ts';
import type { Findings } from '../../page/findings.ts';
import type { UrlRules } from '../../url/normalize.ts';
import type { HandledRequest, HandlerLog } from '../define.ts';
import type { HandlerResult } from '../failed-by.ts';

/** One page for one handler. */
export interface PageTask {
  /** Numbers the pages of a pool, from 1. */
  readonly page: number;
  /** The name of the handler. */
  readonly handler: string;
  readonly answer: {
    /** Where redirects led. */
    readonly url: string;
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    /** In shared memory for a thread, a copy for a child process. */
    readonly body: Uint8Array;
    readonly findings: Findings | null;
  };
  readonly request: HandledRequest;
  readonly urlRules: UrlRules;
}

/** What is told to a thread about the page that it has. */
export type ToThread =
  /** For a child process; piscina brings the pages of a thread. */
  | { readonly kind: 'run'; readonly page: number; readonly task: PageTask }
  /** The page no longer belongs to the consumer. */
  | { readonly kind: 'lost'; readonly page: number }
  /** Answers a call with this number. */
  | { readonly kind: 'answer'; readonly page: number; readonly call: number; readonly answer: CallAnswer };

/** How a call ended: its value, a failure of the catalogue, or the message of any other error. */
export type CallAnswer =
  | { readonly value: unknown }
  | { readonly failure: Failure }
  | { readonly error: string };

/** What a thread tells. */
export type FromThread =
  /** The handler begins: its time counts from here. `baseBytes`: what was in use before the first page. */
  | { readonly kind: 'started'; readonly page: number; readonly baseBytes: number }
  | {
      readonly kind: 'log';
      readonly page: number;
      readonly level: keyof HandlerLog;
      readonly message: string;
      readonly fields: Readonly<Record<string, unknown>>;
    }
  /** Asks the consumer for something, and waits for an answer. */
  | {
      readonly kind: 'call';
      readonly page: number;
      readonly call: number;
      readonly name: string;
      readonly args: unknown;
    }
  /** An error that came after its page had ended. */
  | ({ readonly kind: 'stray' } & StrayError)
  /** What came of a page: the last message of it. */
  | { readonly kind: 'reply'; readonly page: number; readonly reply: PageReply };

/** A message of a child process. A handler there may send messages of its own, which nobody hears. */
export interface FromChild {
  readonly ofDrover: FromThread;
}

/** `error` says where it arose. */
export interface StrayError {
  readonly handler: string;
  readonly url: string;
  readonly error: string;
}

/** What came of a page. */
export interface PageReply {
  /** lost: the handler was told that the page is lost, and has ended. */
  readonly result: HandlerResult | { readonly kind: 'lost' };
  /** The thread must be ended, because the page left work or too much memory behind. */
  readonly isLast: boolean;
}

/** What a thread or child process is started with. */
export interface ThreadSetUp {
  /** Absolute paths of the files with handlers. */
  readonly files: readonly string[];
  /** When pages leave more than this many bytes in use behind, the thread is replaced. */
  readonly keptBytes: number;
}
