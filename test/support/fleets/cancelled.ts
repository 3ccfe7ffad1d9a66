// A crawl that was cancelled before any of it was fetched.
import { crawlSettings, defaultSettings } from '../../../src/config/settings.ts';
import { beginCrawl } from '../../../src/crawl/crawl.ts';
import type { Fleet } from '../../../src/fleet.ts';
import { offer } from '../../../src/frontier/offer.ts';
import { steer } from '../../../src/frontier/steer.ts';

/** With what the seen set, the lanes and the counters of so many hosts hold. */
export async function cancelledCrawl(fleet: Fleet, name: string, hosts = 500): Promise<void> {
  const settings = crawlSettings(defaultSettings);
  const { id } = await beginCrawl(fleet, { name, producer: 'p', settings, seeds: '' });
  const request = (at: number) => ({ url: `http://${at}.example/`, depth: 0, referrer: null, extras: null });
  await offer(
    fleet,
    id,
    Array.from({ length: hosts }, (_, at) => request(at)),
  );
  await steer(fleet, id, 'cancel');
}
