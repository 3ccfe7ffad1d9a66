// The package's entry: what a program of the user's needs to read what drover wrote.

export { verifyWebhook } from './crawl/webhook-signature.ts';
export type { WebhookEvent } from './crawl/webhooks.ts';
export { catalogue, DroverError, type ErrorCode, type Failure, type Layer } from './errors.ts';
export type { CrawlRecord, RecordTimings } from './record.ts';
export type { RequestInput } from './request.ts';
export { readRecords } from './sink/read.ts';
export { normalizeUrl, type UrlRules } from './url/normalize.ts';
