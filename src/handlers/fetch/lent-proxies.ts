// The proxies that a thread uses for one fetch. The consumer chooses them and counts what comes of them; the
// thread connects. What a thread that has ended still had goes back.
import type { Failure } from '../../errors.ts';
import type { PickedProxy, ProxyPick, ProxyResult, ProxySource } from '../../fetch/proxy/source.ts';

/** A pick as plain data. `number`: what to call it when it is given back. */
export type LentProxy =
  | Exclude<ProxyPick, PickedProxy>
  | (Pick<PickedProxy, 'kind' | 'proxy'> & { readonly number: number });

/** The consumer's side. */
export class LentProxies {
  readonly #source: ProxySource | null;
  readonly #lent = new Map<number, PickedProxy>();
  #count = 0;
  #isOver = false;

  constructor(source: ProxySource | null) {
    this.#source = source;
  }

  async lend(url: string, tried: readonly string[]): Promise<LentProxy> {
    if (this.#source === null) return { kind: 'direct' };
    const picked = await this.#source.pick(new URL(url), tried);
    if (picked.kind !== 'proxy') return picked;
    const number = ++this.#count;
    if (this.#isOver) picked.done('unknown', null);
    else this.#lent.set(number, picked);
    return { kind: 'proxy', proxy: picked.proxy, number };
  }

  takeBack(number: number, result: ProxyResult, failure: Failure | null): void {
    this.#lent.get(number)?.done(result, failure);
    this.#lent.delete(number);
  }

  takeAllBack(): void {
    this.#isOver = true;
    for (const number of this.#lent.keys()) this.takeBack(number, 'unknown', null);
  }
}
