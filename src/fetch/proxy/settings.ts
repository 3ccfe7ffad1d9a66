// The settings that proxies follow.
import type { ProxyFunction } from '../../config/proxy-address.ts';
import type { Settings } from '../../config/settings.ts';

export type ProxySettings = Pick<Settings, 'proxy' | 'noproxy' | 'proxyDns' | 'proxyRotation' | 'perProxy'>;

/** Without all other settings: for another thread or process. */
export function proxySettingsOf(settings: ProxySettings): ProxySettings {
  const { proxy, noproxy, proxyDns, proxyRotation, perProxy } = settings;
  return { proxy, noproxy, proxyDns, proxyRotation, perProxy };
}

/** Whether a function chooses them, which cannot be handed to another thread. */
export function isByFunction({ proxy }: Pick<Settings, 'proxy'>): boolean {
  return proxy.some((each: string | ProxyFunction) => typeof each === 'function');
}
