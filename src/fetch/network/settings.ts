// The settings of the machine's network: from where connections are made, to which addresses, and whom TLS
// trusts. They are plain data, which threads are told too.
import type { Settings } from '../../config/settings.ts';

export type NetworkSettings = Pick<
  Settings,
  'interface' | 'resolve' | 'ca' | 'clientCert' | 'clientKey' | 'insecure'
>;

/** Without all other settings: for another thread or process. */
export function networkSettingsOf(settings: NetworkSettings): NetworkSettings {
  const { interface: name, resolve, ca, clientCert, clientKey, insecure } = settings;
  return { interface: name, resolve, ca, clientCert, clientKey, insecure };
}
