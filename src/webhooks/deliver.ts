// One attempt to deliver an event: a signed POST behind the address guard, and what its answer means.

import { storedSettings } from '../config/settings.ts';
import { userAgentOf } from '../config/user-agent.ts';
import { catalogue, packFailure } from '../errors.ts';
import type { Fetcher } from '../fetch/client.ts';
import { parseRetryAfter } from '../fetch/retry-after.ts';
import type { Fleet } from '../fleet.ts';
import type { FetchResult } from '../outcome.ts';
import { type Delivery, delayAfter, LONGEST_DELAY_MS, type WebhookJob } from '../queue/webhook-queue.ts';
import { redact } from '../redact.ts';
import { limiterKeyOf } from '../url/host.ts';
import { signWebhook } from './sign.ts';

/** Time limit of a whole attempt and of each layer in it. */
const TIMEOUT_MS = 10_000;
/** Only the status of an answer is used, so a longer body is cut off. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * How an attempt ended, and at which host. Only the host may be shown, because the rest of the URL may hold a
 * token.
 */
export interface Delivered {
  delivery: Delivery;
  host: string;
}

/**
 * Sends the job's event, newly signed, to the webhook that its crawl has now. It may reach addresses that the
 * crawl's allowPrivate allows, but not those that its seeds allow. A status 2xx means delivered, even when
 * the body breaks off. 410, an address that the guard refuses and an invalid certificate end the delivery for
 * good. Redirects are not followed. Aborting `signal` ends the attempt as 'stopped'.
 */
export async function deliver(
  parts: { fleet: Fleet; fetcher: Fetcher; secret: string; signal: AbortSignal },
  job: WebhookJob,
): Promise<Delivered> {
  const { fleet, fetcher, secret, signal } = parts;
  const { crawl, schedule, body } = job.data;
  const owner = schedule === undefined ? fleet.keys.crawl(crawl) : fleet.keys.schedule(schedule);
  const text = await fleet.redis.hget(owner, 'settings');
  const settings = storedSettings(text);
  const url = URL.parse(settings.webhook ?? '')?.href;
  if (!url)
    return {
      delivery: {
        kind: 'givenUp',
        why: `the ${schedule === undefined ? 'crawl' : 'schedule'} has no webhook any more`,
      },
      host: '',
    };
  const result = await fetcher.fetch({
    url,
    method: 'POST',
    headers: {
      accept: '*/*',
      'content-type': 'application/json',
      ...signWebhook(secret, job.id ?? '', Math.floor(Date.now() / 1000), body),
    },
    body,
    userAgent: userAgentOf(settings),
    timeouts: {
      dns: TIMEOUT_MS,
      connect: TIMEOUT_MS,
      tls: TIMEOUT_MS,
      send: TIMEOUT_MS,
      response: TIMEOUT_MS,
      read: TIMEOUT_MS,
      request: TIMEOUT_MS,
    },
    maxBytes: MAX_ANSWER_BYTES,
    truncate: true,
    maxRedirects: 0,
    allow: { cidrs: settings.allowPrivate, hosts: [], ports: settings.allowPort },
    signal,
  });
  const isStopped = signal.aborted && !result.ok && result.failure.code === 'E_LOCK_LOST';
  const delivery: Delivery = isStopped ? { kind: 'stopped' } : meaningOf(result, job.attemptsMade + 1);
  return { delivery, host: limiterKeyOf(url) };
}

function meaningOf(result: FetchResult, attempt: number): Delivery {
  const status = result.ok ? result.answer.status : (result.came?.status ?? null);
  if (status !== null && status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 410) return { kind: 'givenUp', why: 'the receiver answered 410: it wants no more events' };
  const afterMs = delayAfter(attempt);
  if (result.ok) {
    const askedMs = parseRetryAfter(result.answer.headers['retry-after'], Date.now()) ?? 0;
    const why = `the receiver answered ${status}`;
    return { kind: 'again', why, afterMs: Math.min(LONGEST_DELAY_MS, Math.max(afterMs, askedMs)) };
  }
  const { code } = result.failure;
  // Any redirect is one too many here. Its target is not shown, because it may hold a token.
  if (code === 'E_REDIRECT_LOOP')
    return { kind: 'again', why: 'the receiver answered with a redirect, which is not followed', afterMs };
  const why = redact(packFailure(result.failure));
  return catalogue[code].lasting ? { kind: 'givenUp', why } : { kind: 'again', why, afterMs };
}
