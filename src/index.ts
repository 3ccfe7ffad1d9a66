// The package's entry: what a program of the user's needs to give requests to drover and to read what came of them.
export type { GivenRequest, GivenRequests } from '../producers/given-requests.ts';
export {
  type Added,
  createProducer,
  type Producer,
  type ProducerOptions,
  type Rejection,
} from '../producers/producer.ts';
export type { FleetOptions, GivenSettings } from './crawl/join-fleet.ts';
export type { CrawlCounts } from './crawl/progress.ts';
export { readResults } from './crawl/results.ts';
export { verifyWebhook } from './crawl/webhook-signature.ts';
export type { WebhookEvent } from './crawl/webhooks.ts';
export { catalogue, DroverError, type ErrorCode, type Failure, type Layer } from './errors.ts';
export type { CrawlRecord, RecordTimings } from './record.ts';
export type { RequestInput } from './request.ts';
export { readRecords } from './sink/read.ts';
export { normalizeUrl, type UrlRules } from './url/normalize.ts';
