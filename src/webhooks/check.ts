// Checks that a crawl can use its webhook.
import type { Settings } from '../config/settings.ts';
import { DroverError } from '../errors.ts';
import { guardOf } from '../fetch/guard.ts';
import { hostnameOf } from '../url/host.ts';

/**
 * Checks, before a crawl begins, that it can use its webhook. Throws E_WEBHOOK when there is no secret, when
 * the URL is invalid or contains an address that allowPrivate does not allow, and when there is a webhookDead
 * without a webhook. The address of a host name is checked at each delivery.
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
    throw new DroverError(
      'E_WEBHOOK',
      `${host} is ${range}; if it is yours, allow it with --allow-private ${address}.`,
    );
}
