// The package's entry: what a program of the user's needs to give requests to drover and to read what came of them.
export type { GivenRequest, GivenRequests } from '../producers/given-requests.ts';
export {
  type Added,
  createProducer,
  type Producer,
  type ProducerOptions,
  type Rejection,
} from '../producers/producer.ts';
export type * from './client/answers.ts';
export { ApiError } from './client/api-error.ts';
export { type Client, type ClientOptions, createClient } from './client/client.ts';
export type { SentRequest } from './client/upload.ts';
export type { CrawlView } from './crawl/crawl-views.ts';
export type { DeadGroup } from './crawl/dead-look.ts';
export type { ReplayOverrides, ReplayRun } from './crawl/dead-runs.ts';
export type { Explanation } from './crawl/explanation.ts';
export type { Stats, StatsSample } from './crawl/history.ts';
export type { FleetOptions, GivenSettings } from './crawl/join-fleet.ts';
export type { CrawlCounts } from './crawl/progress.ts';
export { readResults } from './crawl/results.ts';
export type { TailBatch, TailLine } from './crawl/tail.ts';
export { verifyWebhook } from './crawl/webhook-signature.ts';
export type { WebhookEvent } from './crawl/webhooks.ts';
export { catalogue, DroverError, type ErrorCode, type Failure, type Layer } from './errors.ts';
export type { HostLimits, HostState } from './politeness/hosts.ts';
export type { Attempt } from './queue/attempts.ts';
export type { DeadLetter, DeadLetterDetail } from './queue/dead-letters.ts';
export type { CrawlRecord, RecordTimings } from './record.ts';
export type { RequestInput } from './request.ts';
export { readRecords } from './sink/read.ts';
export { normalizeUrl, type UrlRules } from './url/normalize.ts';
