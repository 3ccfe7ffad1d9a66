// Formats numbers, sizes and times. Makes characters in text from the web visible that a browser would hide
// or obey.
import { h } from './element.js';

const plain = new Intl.NumberFormat('en');
const short = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

/** `12,345`; a dash for null and undefined. */
export const count = (value) => (value === null || value === undefined ? '–' : plain.format(value));

/** A rate per second: `0.4`, `12.5`, `1,234`. */
export function rate(value) {
  if (value === null || value === undefined) return '–';
  return value >= 100 ? plain.format(Math.round(value)) : short.format(value);
}

/** 1.2 MB */
export function bytes(value) {
  if (value === null || value === undefined) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let [size, unit] = [value, 0];
  while (size >= 1000 && unit < units.length - 1) [size, unit] = [size / 1000, unit + 1];
  return `${short.format(size)} ${units[unit]}`;
}

/** 120 ms, 4.2 s, 3 min 20 s, 2 h 5 min, 3 d 4 h */
export function duration(ms) {
  if (ms === null || ms === undefined) return '–';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${short.format(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  const steps = [
    [60, 's', 1],
    [3600, 'min', 60],
    [86_400, 'h', 3600],
    [Number.POSITIVE_INFINITY, 'd', 86_400],
  ];
  const at = steps.findIndex(([below]) => seconds < below);
  const [, unit, size] = steps[at];
  const rest = at > 0 ? Math.floor((seconds % size) / steps[at - 1][2]) : 0;
  return `${Math.floor(seconds / size)} ${unit}${rest ? ` ${rest} ${steps[at - 1][1]}` : ''}`;
}

/** A time: `22:14:03` if it is today, `3 Nov 22:14` otherwise. */
export function clock(time) {
  const date = new Date(time);
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday
    ? date.toLocaleTimeString('en-GB')
    : date.toLocaleString('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
}

/** A time as a `time` element; a dash for null. */
export function stamp(iso) {
  if (!iso) return '–';
  return h('time', { datetime: iso, title: iso }, clock(iso));
}

/**
 * Controls, format characters (above all bidirectional ones), separators, lone surrogates, fillers. The same
 * set is in src/log.ts.
 */
const unprintable =
  /[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]--[\u{fe0e}\u{fe0f}\u{600}-\u{605}\u{6dd}\u{890}\u{891}\u{8e2}\u{110bd}\u{110cd}]]/gv;

/**
 * Text from the web with invisible characters as escapes: `\u202e` is shown where it would reverse the text
 * after it.
 */
export function visible(text) {
  return String(text ?? '').replace(unprintable, (character) => {
    const hex = character.codePointAt(0).toString(16);
    return hex.length <= 4 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
  });
}

/**
 * A URL from the web: a link if it is http or https, else plain text. The link sends no Referer and gives the
 * other page no access to this one.
 */
export function webLink(url) {
  const text = visible(url);
  if (!/^https?:\/\//i.test(url ?? '')) return h('span', { class: 'url' }, text);
  return h('a', { class: 'url', href: url, target: '_blank', rel: 'noreferrer noopener' }, text);
}

/** "3 letters", "1 letter" */
export const counted = (number, word, more = `${word}s`) => `${count(number)} ${number === 1 ? word : more}`;
