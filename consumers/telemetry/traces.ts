// OpenTelemetry traces of a consumer (--otel): a span for each turn of a request, with a span below it for
// each layer. BullMQ adds spans of its own work. Only this file imports OpenTelemetry, and it is loaded only
// on demand.
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  type ContextManager,
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { BullMQOtel } from 'bullmq-otel';
import type { Log } from '../../src/log.ts';
import { redact } from '../../src/redact.ts';
import { limiterKeyOf } from '../../src/url/host.ts';
import type { ActiveJob, JobReport, Traces } from '../context.ts';

const EXPORT_MS = 1000;
const EXPORT_TIMEOUT_MS = 5000;
/** How many spans may wait to be sent. More are dropped, because traces must never slow a crawl. */
const MOST_WAITING = 16_384;
/** The longest wait for the last spans at the end. */
const LAST_MS = 3000;
/** While the receiver does not answer, the log gets one line in this time. */
const COMPLAINT_MS = 60_000;

/**
 * Sends traces to `endpoint` (OTLP over HTTP) from now on. OpenTelemetry itself reads further headers, such
 * as a token, from OTEL_EXPORTER_OTLP_HEADERS.
 */
export function openTraces(parts: { endpoint: string; consumer: string; log: Log }): Traces {
  const { endpoint, consumer, log } = parts;
  const exporter = new OTLPTraceExporter({ url: endpoint, timeoutMillis: EXPORT_TIMEOUT_MS });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': 'drover',
      'service.instance.id': consumer,
    }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: careful(exporter, log),
        maxQueueSize: MOST_WAITING,
        scheduledDelayMillis: EXPORT_MS,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  context.setGlobalContextManager(new AsyncContexts());
  trace.setGlobalTracerProvider(provider);
  const tracer = provider.getTracer('drover');

  /** Makes a span with known begin and end below another. */
  function span(name: string, above: Context, [start, end]: [number, number]): void {
    tracer.startSpan(name, { startTime: start }, above).end(end);
  }

  return {
    telemetry: new BullMQOtel({ tracerName: 'bullmq' }),
    note(job, report) {
      const endedAt = now();
      const whole = tracer.startSpan(
        'request',
        {
          kind: SpanKind.CLIENT,
          startTime: job.trace.beganAt - job.queueMs,
          attributes: attributesOf(job, report),
        },
        context.active(),
      );
      if (report.failure) whole.setStatus({ code: SpanStatusCode.ERROR, message: report.failure.message });
      const above = trace.setSpan(context.active(), whole);
      for (const [name, period] of layersOf(job, report, endedAt)) span(name, above, period);
      whole.end(endedAt);
    },
    async stop(graceMs) {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, Math.min(graceMs, LAST_MS));
      await Promise.race([provider.shutdown().catch(() => undefined), late.promise]);
      clearTimeout(timer);
      trace.disable();
      context.disable();
    },
  };
}

/** Milliseconds since 1970, with fractions. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

function attributesOf(job: ActiveJob, report: JobReport): Record<string, string | number> {
  const { request } = job;
  const attributes: Record<string, string | number> = {
    'url.full': request.url,
    'http.request.method': request.extras?.method ?? 'GET',
    'drover.request': job.jobId,
    'drover.crawl': job.crawl,
    'drover.host': limiterKeyOf(request.url),
    'drover.attempt': job.attempt,
    'drover.outcome': report.kind,
  };
  if (report.status !== null) attributes['http.response.status_code'] = report.status;
  if (report.failure) {
    attributes['error.type'] = report.failure.code;
    attributes['drover.layer'] = report.failure.layer;
  }
  return attributes;
}

/**
 * When each layer was at work. The network phases are those of the last hop; they follow one another and end
 * when the answer was complete.
 */
function layersOf(job: ActiveJob, { timings }: JobReport, endedAt: number): [string, [number, number]][] {
  const { beganAt, fetchedAt, storedAt, storeMs } = job.trace;
  const layers: [string, [number, number]][] = [['queue', [beganAt - job.queueMs, beganAt]]];
  if (job.trace.slotMs > 0) layers.push(['slot', [beganAt, beganAt + job.trace.slotMs]]);
  if (timings && fetchedAt !== null) {
    let at = fetchedAt - (timings.total ?? 0);
    const early = [
      ['dns', timings.dns],
      ['connect', timings.connect],
      ['tls', timings.tls],
    ] as const;
    for (const [name, ms] of early) {
      if (ms === null) continue;
      layers.push([name, [at, at + ms]]);
      at += ms;
    }
    const downloadAt = fetchedAt - (timings.download ?? 0);
    if (timings.firstByte !== null)
      layers.push(['first_byte', [Math.max(at, downloadAt - timings.firstByte), downloadAt]]);
    if (timings.download !== null) layers.push(['download', [downloadAt, fetchedAt]]);
  }
  if (storedAt === null) return layers;
  if (fetchedAt !== null) layers.push(['handle', [fetchedAt, storedAt]]);
  if (storeMs !== null) {
    layers.push(['store', [storedAt, storedAt + storeMs]]);
    layers.push(['commit', [storedAt + storeMs, endedAt]]);
  }
  return layers;
}

/**
 * Takes secrets out of all that is sent, BullMQ's own spans included. Logs when the receiver does not take
 * it.
 */
function careful(exporter: SpanExporter, log: Log): SpanExporter {
  let complainedAt = Number.NEGATIVE_INFINITY;
  return {
    export(spans, done) {
      for (const each of spans) clean(each);
      exporter.export(spans, (result) => {
        if (result.code !== 0 && performance.now() - complainedAt > COMPLAINT_MS) {
          complainedAt = performance.now();
          log.warn({ err: result.error, spans: spans.length }, 'traces are not taken');
        }
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}

function clean({ attributes, events, status }: ReadableSpan): void {
  for (const each of [attributes, ...events.map((event) => event.attributes ?? {})]) {
    for (const [name, value] of Object.entries(each))
      if (typeof value === 'string') each[name] = redact(value);
  }
  if (status.message) status.message = redact(status.message);
}

/** Keeps the current span across awaits: that of the job which BullMQ has in hand. */
class AsyncContexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    inner: Context,
    job: F,
    self?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(inner, () => job.apply(self as ThisParameterType<F>, args) as ReturnType<F>);
  }

  bind<T>(inner: Context, target: T): T {
    if (typeof target !== 'function') return target;
    return ((...args: unknown[]) => this.#storage.run(inner, () => target(...args))) as T;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}
