// Pays for a page that has a price (Cloudflare's pay per crawl), if the crawl allows it: it is asked for once
// more, with crawler-max-price. What it may cost is reserved before each request that offers to pay.
import { noteCharge, reserveSpending, spendingOf } from '../../src/crawl/spending.ts';
import { type Failure, failure } from '../../src/errors.ts';
import { priceText, readPrice } from '../../src/identity/price.ts';
import type { Offer } from '../../src/identity/signs-as.ts';
import type { Answer, FetchResult } from '../../src/outcome.ts';
import { originOf } from '../../src/url/host.ts';
import type { ActiveJob, ConsumerContext } from '../context.ts';

/**
 * Why the page is not paid for; '' when there is no more to say. Null when it is to be asked for again with
 * an offer, which the job remembers.
 */
export async function refusalToPay(job: ActiveJob, answer: Answer): Promise<string | null> {
  const { settings } = job.loadedCrawl;
  const spending = spendingOf(settings);
  if (spending === null) return '';
  const { headers, finalUrl } = answer;
  const price = readPrice(headers['crawler-price'] ?? '');
  if (job.memory.pays) {
    const why = headers['crawler-error'];
    return why === undefined ? 'It was not taken.' : `It was not taken: ${why.slice(0, 80)}.`;
  }
  if (job.memory.unpaid) return 'The crawl has spent what --max-spend allows.';
  if (!price || price.currency !== spending.mostOfPage.currency) return '';
  if (price.micros > spending.mostOfPage.micros) return `That is more than --max-price ${settings.maxPrice}.`;
  if (!finalUrl.startsWith('https:')) return 'drover pays over https alone.';
  await job.remember({ pays: { origin: originOf(finalUrl), maxPrice: priceText(price) }, hop: null });
  return null;
}

/**
 * The offer of this attempt, which is reserved. When --max-spend has no room for it, the job goes on without.
 */
export async function offerOf(context: ConsumerContext, job: ActiveJob): Promise<Offer | null> {
  const { pays } = job.memory;
  if (!pays) return null;
  const spending = spendingOf(job.loadedCrawl.settings);
  const most = readPrice(pays.maxPrice);
  const { crawl } = job;
  if (most && spending && (await reserveSpending(context.home, { crawl, most, ceiling: spending.ceiling })))
    return pays;
  await job.remember({ pays: null, unpaid: true });
  return null;
}

/**
 * What the answer was charged. When none came, it may have been charged all the same, and what was reserved
 * stays counted. `isSent`: false when the request did not go out.
 */
export async function settleOffer(
  context: ConsumerContext,
  job: ActiveJob,
  { offer, result, isSent }: { offer: Offer; result: FetchResult; isSent: boolean },
): Promise<void> {
  const reserved = readPrice(offer.maxPrice);
  if (!reserved || (isSent && !result.ok)) return;
  const told = result.ok ? readPrice(result.answer.headers['crawler-charged'] ?? '') : null;
  const charged = told?.currency === reserved.currency ? told : { ...reserved, micros: 0 };
  await noteCharge(context.home, { crawl: job.crawl, reserved, charged });
}

/** E_PAYMENT with the reason why the page was not paid for. */
export function unpaid({ detail = '' }: Failure, why: string): Failure {
  return failure('E_PAYMENT', `${detail} ${why}`.trim());
}
