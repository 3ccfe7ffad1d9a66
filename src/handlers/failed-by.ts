// How a run of a handler ended, and what an error of it means.
import { type Failure, failure } from '../errors.ts';
import type { EmittedItem } from '../record.ts';
import type { RequestInput } from '../request.ts';
import { describeError, framesOf } from './user-code.ts';
import { HandlerFault, thrownVerdict } from './verdicts.ts';

/**
 * What came of a run. `retires`: its session is not to be used any more. logged-out: the page shows that its
 * session is. discarded: the handler has no use for the page. failed: another attempt may follow if
 * the code of the failure allows it, but not before `afterMs` milliseconds from now.
 */
export type HandlerResult = HandlerEnd & { readonly retires?: boolean };

type HandlerEnd =
  | {
      readonly kind: 'done';
      readonly items: EmittedItem[];
      readonly requests: readonly RequestInput[];
      /** How many requests had a URL that cannot be fetched, by the code of the reason. */
      readonly leftOut: Readonly<Record<string, number>>;
    }
  | { readonly kind: 'discarded' | 'logged-out'; readonly failure: Failure }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly afterMs: number };

/** The failure with the place in the user's file. */
function at(fault: HandlerFault): Failure {
  const { code, detail = '' } = fault.failure;
  const [place] = framesOf(fault);
  return place === undefined ? fault.failure : failure(code, `${detail} At ${place}.`, fault.failure.cause);
}

/** What an error of a handler means. */
export function failedBy(error: unknown, name: string): Exclude<HandlerResult, { kind: 'done' }> {
  if (error instanceof HandlerFault) return { kind: 'failed', failure: at(error), afterMs: error.afterMs };
  const verdict = thrownVerdict(error);
  const why = verdict === null ? '' : ` ${(error as Error).message}`.trimEnd();
  switch (verdict?.kind) {
    case 'logged-out':
      return { kind: 'logged-out', failure: failure('E_LOGIN', `${name}: the page is logged out.`) };
    case 'discard':
      return { kind: 'discarded', failure: failure('E_HANDLER_DISCARD', `${name}:${why}`) };
    case 'fatal':
      return { kind: 'failed', failure: failure('E_HANDLER_FATAL', `${name}:${why}`), afterMs: 0 };
    case 'later': {
      const later = failure('E_HANDLER_LATER', `${name}:${why}`);
      return { kind: 'failed', failure: later, afterMs: verdict.afterMs };
    }
    case undefined:
      return {
        kind: 'failed',
        failure: failure('E_HANDLER', `${name}: ${describeError(error)}`),
        afterMs: 0,
      };
    default:
      return verdict satisfies never;
  }
}
