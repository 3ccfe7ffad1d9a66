// What a crawl must have to use a webhook.
import type { Settings } from '../config/settings.ts';
import { DroverError } from '../errors.ts';
import { guardOf } from '../fetch/guard.ts';
import { hostnameOf } from '../url/host.ts';

/**
 * Whether a crawl of these settings can use its webhook: to be asked before it begins. Throws E_WEBHOOK: without a secret, for a URL that
 * cannot be read or names an address which allowPrivate does not allow (what a host name resolves to is seen at each delivery), for a
 * webhookDead without a webhook.
 */
export function checkWebhook(
  settings: Pick<Settings, 'webhook' | 'webhookDead' | 'webhookSecret' | 'allowPrivate'>,
): void {
  const { webhook, webhookDead, webhookSecret, allowPrivate } = settings;
  if (webhook === null) {
    if (webhookDead !== null) throw new DroverError('E_WEBHOOK', '--webhook-dead needs --webhook.');
    return;
  }
  const url = URL.parse(webhook);
  if (!url) throw new DroverError('E_WEBHOOK', '--webhook is not a URL.');
  if (webhookSecret === null) throw new DroverError('E_WEBHOOK', 'DROVER_WEBHOOK_SECRET is not set.');
  const host = hostnameOf(url.href);
  const address = host.replace(/^\[|\]$/g, '');
  const range = /^[\d.]+$|:/.test(address)
    ? guardOf({ cidrs: allowPrivate, hosts: [] }).refuses(address)
    : null;
  if (range !== null)
    throw new DroverError('E_WEBHOOK', `${host} is ${range}; if it is yours: --allow-private ${address}.`);
}
