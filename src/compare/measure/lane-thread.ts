// A thread of compare. It is one lane: fetches pages with an agent of its own, and runs their handlers.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { DroverError } from '../../errors.ts';
import { HandledPage } from '../../handlers/page.ts';
import { runHandler } from '../../handlers/run.ts';
import { silentLog } from '../../handlers/test-handler.ts';
import { HandlerWatch } from '../../handlers/watch.ts';
import { urlRulesOf } from '../../url/normalize.ts';
import { ownThreadId } from './cpu-clock.ts';
import { type FetchedPage, Lane, loadLimited, shownRequest } from './lane.ts';
import type { FromLane, LaneSetUp, Question, Reply, ToLane } from './messages.ts';
import { RefusedFetches } from './refused-fetches.ts';

/** What the thread is started with. `beats` counts up while its event loop runs. */
export interface LaneThreadData {
  readonly setUp: LaneSetUp;
  readonly connections: number;
  readonly isPolite: boolean;
  readonly beats: Int32Array;
}

export const BEAT_MS = 100;
/** The histogram ticks so often. */
export const DELAY_RESOLUTION_MS = 10;

/** The 99th percentile of how late the event loop was, from a histogram of the times between its ticks. */
export function delayP99Ms(histogram: { percentile(percent: number): number; count: number }): number {
  if (histogram.count === 0) return 0;
  return Math.max(0, histogram.percentile(99) / 1e6 - DELAY_RESOLUTION_MS);
}

async function serve(data: LaneThreadData): Promise<void> {
  const { setUp, connections, isPolite, beats } = data;
  const say = (message: FromLane) => parentPort?.postMessage(message);
  const handlers = await loadLimited(setUp.handlerFiles, setUp.pageLimitMs);
  const watch = new HandlerWatch({ blocked: () => undefined, stray: () => undefined });
  watch.start();
  const urlRules = urlRulesOf(setUp.settings);
  const { signal } = new AbortController();
  const waiting = new Map<number, (reply: Reply) => void>();
  let asked = 0;
  const ask = (question: Question) =>
    new Promise<Reply>((resolve) => {
      waiting.set(++asked, resolve);
      say({ kind: 'question', id: asked, question });
    });
  const handle = async ({ handler, page, answer, findings }: FetchedPage) => {
    const fetches = new RefusedFetches();
    const result = await runHandler({
      ...{ handler, urlRules, signal, watch, log: silentLog, request: shownRequest(page) },
      page: new HandledPage({ ...answer, url: answer.finalUrl, urlRules, findings }),
      fetchForPage: fetches.fetchForPage,
    });
    return fetches.resultOf(result);
  };
  const onPage = (end: Extract<FromLane, { kind: 'page' }>['end']) => say({ kind: 'page', end });
  const lane = new Lane({ setUp, connections, handle, onPage, ask: isPolite ? ask : null }, handlers);
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  setInterval(() => Atomics.add(beats, 0, 1), BEAT_MS);
  parentPort?.on('message', (message: ToLane) => {
    switch (message.kind) {
      case 'start':
        lane.run(message).then(() => say({ kind: 'stopped' }));
        break;
      case 'stop':
        lane.stop();
        break;
      case 'reset delay':
        delay.enable();
        delay.reset();
        break;
      case 'tell delay':
        say({ kind: 'delay', p99Ms: delayP99Ms(delay) });
        delay.disable();
        break;
      case 'reply':
        waiting.get(message.id)?.(message.reply);
        waiting.delete(message.id);
        break;
      default:
        message satisfies never;
    }
  });
  say({ kind: 'ready', thread: ownThreadId() });
}

if (parentPort && workerData?.beats) {
  serve(workerData as LaneThreadData).catch((error: unknown) => {
    const { code, detail } =
      error instanceof DroverError ? error : { code: 'E_HANDLER_FILE' as const, detail: String(error) };
    parentPort?.postMessage({ kind: 'failed', code, detail } satisfies FromLane);
  });
}
