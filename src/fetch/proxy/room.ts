// Places at proxies for the fetches of the whole fleet (--per-proxy): what a rotation asks of its consumer.

/** The right to have one hop in flight through a proxy, until it is given back. */
export interface ProxyPlace {
  /** The name of the proxy. */
  readonly name: string;
  /** Aborted when the fleet may give the place to another: the hop must end. */
  readonly lapsed: AbortSignal;
  /** Only the first call counts. */
  give(): void;
}

export interface ProxyRoom {
  /**
   * Waits for a place at a proxy. `names` tells anew, each time that it is called, at which there may be one,
   * the best first; with none, the wait ends with null.
   */
  take(names: () => readonly string[]): Promise<ProxyPlace | null>;
}
