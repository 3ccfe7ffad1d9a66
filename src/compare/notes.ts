// What a reader must know beside a recommendation: what limited the runs, what was left out, how sure it is.
import { type CompareDecision, errorShare } from './decide/decide.ts';
import type { FetchedSample } from './sample/fetch-sample.ts';
import type { CompareRun } from './ways.ts';

const USUAL_MOST = 50;
const NEAR = 0.7;
const UNSURE = 0.9;
const FAULTY = 0.01;

/** How long handlers may take for a page: in a crawl, and in these runs. */
export interface HandlerTime {
  readonly runs: readonly CompareRun[];
  readonly handlerMs: number;
  readonly pageLimitMs: number;
}

export function notesOf(
  given: {
    decision: CompareDecision;
    sample: Pick<FetchedSample, 'most' | 'failed' | 'pages'>;
    isReplica: boolean;
    surety: number | null;
  } & HandlerTime,
): string[] {
  const { decision, sample, isReplica, surety } = given;
  const { run } = decision;
  const notes: string[] = [];
  const { atOnce, perSecond, hosts } = sample.most;
  const of = hosts === 1 ? 'one host' : `${hosts} hosts`;
  if (!isReplica && run.pagesPerSecond >= NEAR * perSecond)
    notes.push(
      `The delay of the hosts is what limits: ${of} allow ${round(perSecond)} starts a second. --replica measures without it.`,
    );
  else if (!isReplica && atOnce < USUAL_MOST)
    notes.push(
      `The hosts' limits are what limits: the sample has ${of} and allows ${atOnce} requests at once (--per-host, --sample). What more at once would give was not measured; --replica measures it.`,
    );
  if (isReplica)
    notes.push(
      'Measured against a local replica: no TLS, and the servers never get slower, however many requests come.',
    );
  const bound = boundNote(given);
  if (bound !== null) notes.push(bound);
  const without = sample.pages.filter(({ handler }) => handler === null).length;
  if (without > 0) notes.push(`${without} of ${sample.pages.length} pages are taken by no handler.`);
  const [first] = sample.failed;
  if (first)
    notes.push(
      `${sample.failed.length} of the sample could not be fetched, such as ${first.url}: ${first.failure.message} (${first.failure.code})`,
    );
  const wrong = errorShare(run);
  if (wrong >= FAULTY) {
    const [[code, text] = ['', '']] = Object.entries(run.errorTexts);
    notes.push(`${Math.round(100 * wrong)} % of its pages ended with an error, such as ${code}: ${text}`);
  }
  if (surety === null)
    notes.push(
      'It is unsure: a way that matters had fewer than three rounds. A longer --budget, or a quieter machine, helps.',
    );
  else if (surety < UNSURE)
    notes.push(
      `It is not certain: ${Math.round(100 * surety)} of 100 drawings of the rounds give the same. A longer --budget, or a quieter machine, helps.`,
    );
  return notes;
}

/** Says that a handler was ended because of the budget; null if it was not. */
export function boundNote({ runs, handlerMs, pageLimitMs }: HandlerTime): string | null {
  if (handlerMs <= pageLimitMs || !runs.some(({ errors }) => errors.E_HANDLER_TIMEOUT)) return null;
  return `A handler had ${seconds(pageLimitMs)} for a page because of --budget; in a crawl its timeoutMs is ${seconds(handlerMs)}. A longer --budget gives it more.`;
}

function round(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(1);
}

function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}
