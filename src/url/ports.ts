// Ports of other services than the web, such as mail and X11. A link or a redirect could make a crawler speak
// to them.

/** Source: https://fetch.spec.whatwg.org/#bad-port. */
const badPorts: ReadonlySet<number> = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104,
  109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515,
  526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
  3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/**
 * The bad port of a normalised URL, or null if its port may be spoken to. `allowed`: bad ports that the
 * operator has named.
 */
export function badPortOf(url: string, allowed: readonly number[] = []): number | null {
  const end = url.indexOf('/', 8);
  const colon = url.lastIndexOf(':', end);
  if (colon < 8) return null; // that of the scheme
  const port = Number(url.slice(colon + 1, end)); // NaN behind the last colon of an IPv6 address
  return badPorts.has(port) && !allowed.includes(port) ? port : null;
}
