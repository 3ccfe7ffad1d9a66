// The package's entry: what a user's program needs to give requests to drover and to read the results.

export type { ConsumerOptions, ProgramConsumer } from '../consumers/run.ts';
export type { Added, Producer, ProducerOptions, Rejection } from '../producers/producer.ts';
export type { GivenRequest, GivenRequests } from '../producers/seeds/given-requests.ts';
export type { Change, ChangeKind, RunDifference } from './changes/kinds.ts';
export type * from './client/answers.ts';
export { ApiError } from './client/api-error.ts';
export { type Client, type ClientOptions, createClient } from './client/client.ts';
export type { SentRequest } from './client/upload.ts';
export type { CrawlCounts } from './crawl/progress.ts';
export type { CrawlView } from './crawl/views.ts';
export type { DeadGroup } from './dead/read.ts';
export type { ReplayOverrides, ReplayRun } from './dead/replay-runs.ts';
export {
  catalogue,
  DroverError,
  type ErrorCode,
  type Failure,
  type Layer,
  type ShownFailure,
} from './errors.ts';
export type { Explanation } from './explain/explanation.ts';
export type { Stats, StatsSample } from './fleet/history.ts';
export type { FleetOptions, GivenSettings } from './fleet/join.ts';
export type { TailBatch, TailLine } from './fleet/live-tail.ts';
export type { HostLimits, HostState } from './frontier/hosts.ts';
export {
  type AfterArguments,
  type BeforeArguments,
  defineHandler,
  type EnqueueFields,
  type EnqueueTarget,
  type HandledRequest,
  type Handler,
  type HandlerArguments,
  type HandlerDefinition,
  type HandlerLog,
  type HandlerMatch,
  type OnPageArguments,
  type RequestChanges,
} from './handlers/define.ts';
export type { FetchInit } from './handlers/fetch/wanted.ts';
export type { LoginArguments, LoginFunction } from './handlers/login/define-login.ts';
export type { HandledPage } from './handlers/page.ts';
export type { HandlerSession } from './handlers/session.ts';
export { type GivenAnswer, type GivenPage, type HandlerTest, testHandler } from './handlers/test-handler.ts';
export { Discard, Fatal, LoggedOut, RetryAfter } from './handlers/verdicts.ts';
export { createConsumer, createProducer, readResults } from './program.ts';
export type { Attempt } from './queue/attempts.ts';
export type { DeadLetter, DeadLetterDetail } from './queue/dead-letters.ts';
export type { CrawlRecord, EmittedItem, RecordTimings } from './record.ts';
export type { ItemLine } from './records/export/items.ts';
export { readRecords } from './records/read/read.ts';
export type { RequestInput } from './request.ts';
export { normalizeUrl, type UrlRules } from './url/normalize.ts';
export type { WebhookEvent } from './webhooks/outbox.ts';
export { verifyWebhook } from './webhooks/sign.ts';
