// Prices as pay per crawl writes them: `USD 0.01`. Counted in millionths, so that sums are exact.

export interface Price {
  readonly currency: string;
  /** Millionths of the currency. */
  readonly micros: number;
}

const MOST_MICROS = 1e12;

/** Null for a text that is no price. */
export function readPrice(text: string): Price | null {
  const [, currency, whole = '', fraction = ''] =
    /^\s*([A-Z]{3})\s+(\d{1,7})(?:\.(\d{1,6})\d*)?\s*$/.exec(text) ?? [];
  if (currency === undefined) return null;
  const micros = Number(whole) * 1e6 + Number(fraction.padEnd(6, '0'));
  return micros <= MOST_MICROS ? { currency, micros } : null;
}

/** `USD 0.01` */
export function priceText({ currency, micros }: Price): string {
  const fraction = String(micros % 1e6)
    .padStart(6, '0')
    .replace(/0{1,4}$/, '');
  return `${currency} ${Math.floor(micros / 1e6)}.${fraction}`;
}
