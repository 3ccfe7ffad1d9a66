// Formats numbers for people: counts, sizes, durations, speeds.

let grouped: Intl.NumberFormat | undefined;

/** 12,345 */
export function count(value: number): string {
  grouped ??= new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 }); // the first takes 6 ms
  return grouped.format(value);
}

/** "1 page", "2 pages", "1 dead letter". `many` is given where adding an s is wrong. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** Decimal units, three digits: "512 B", "3.1 MB", "84 GB". */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Two units at most: "0.4 s", "2 s", "12 s", "3 min 05 s", "2 h 10 min", "4 d 6 h". */
export function durationText(milliseconds: number): string {
  if (milliseconds < 9950) return `${Number((milliseconds / 1000).toFixed(1))} s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600),
    Math.floor(seconds / 60),
  ];
  const two = (value: number) => String(value).padStart(2, '0');
  if (hours === 0) return `${minutes} min ${two(seconds % 60)} s`;
  if (days === 0) return `${hours} h ${two(minutes % 60)} min`;
  return `${count(days)} d ${hours % 24} h`;
}

/** 22:14:03 of today, else with the date. */
export function clock(iso: string): string {
  const date = new Date(iso);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? date.toLocaleTimeString('en-GB') : date.toLocaleString('en-GB');
}

/** "41 pages/s", below ten "4.1 pages/s"; "– pages/s" for null. */
export function speed(pagesPerSecond: number | null): string {
  if (pagesPerSecond === null) return '– pages/s';
  return `${pagesPerSecond >= 9.95 ? count(pagesPerSecond) : pagesPerSecond.toFixed(1)} pages/s`;
}

/** The entries in descending order of count; entries with the same count are in order of name. */
export function highestFirst(counts: Record<string, number>): [string, number][] {
  return Object.entries(counts)
    .filter(([, value]) => value > 0)
    .sort(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1));
}
