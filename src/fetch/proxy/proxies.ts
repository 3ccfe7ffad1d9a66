// The proxies that the settings name, or the variables of the system. All that they are made of is loaded
// when the first is asked for.
import type { ProxyVariables } from '../../config/proxy-variables.ts';
import { currentProxyVariables } from '../../config/read.ts';
import type { OpenedProxies } from './open.ts';
import type { ProxyStanding } from './rotation.ts';
import type { ProxySettings } from './settings.ts';
import type { HeardResult, ProxyPick, ProxySource } from './source.ts';

export interface Proxies extends ProxySource {
  /**
   * Reads the lists. Resolves with what the user should know, in one sentence. Throws E_SETTING for an
   * address that cannot be read, and E_FILE for a list.
   */
  open(): Promise<string>;
  /** How each proxy stands that was used or is in the list. */
  standings(): ProxyStanding[];
  /** Sets what is called with what came of each use. */
  onResult(heard: HeardResult): void;
}

/** Null when neither the settings nor the variables of the system name a proxy. */
export function proxiesOf(settings: ProxySettings): Proxies | null {
  const variables = currentProxyVariables();
  const isNamed = settings.proxy.length > 0 || variables.http !== null || variables.https !== null;
  return isNamed ? new LaterProxies(settings, variables) : null;
}

/** Those of the system's variables alone, for what is not of a crawl. */
export function systemProxies(): Proxies | null {
  return proxiesOf({
    proxy: [],
    noproxy: null,
    proxyDns: false,
    proxyRotation: 'round-robin',
    perProxy: null,
  });
}

class LaterProxies implements Proxies {
  readonly isByName: boolean;
  readonly #settings: ProxySettings;
  readonly #variables: ProxyVariables;
  #opening: Promise<OpenedProxies> | null = null;
  #opened: OpenedProxies | null = null;
  #heard: HeardResult = () => undefined;

  constructor(settings: ProxySettings, variables: ProxyVariables) {
    this.#settings = settings;
    this.#variables = variables;
    this.isByName = settings.proxyDns;
  }

  async open(): Promise<string> {
    return (await this.#open()).says;
  }

  async pick(url: URL, tried: readonly string[], session?: string): Promise<ProxyPick> {
    const { rotation } = this.#opened ?? (await this.#open());
    return rotation.pick(url, tried, session);
  }

  standings(): ProxyStanding[] {
    return this.#opened?.rotation.standings() ?? [];
  }

  onResult(heard: HeardResult): void {
    this.#heard = heard;
  }

  async #open() {
    this.#opening ??= import('./open.ts').then(({ openProxies }) =>
      openProxies(this.#settings, this.#variables, (...heard) => this.#heard(...heard)),
    );
    this.#opened = await this.#opening;
    return this.#opened;
  }
}
