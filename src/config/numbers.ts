// The types of settings that are numbers, durations or sizes: how each is written in a flag, a variable or a
// file, and what it becomes.
import { z } from 'zod';
import { readDuration } from './duration.ts';

/** From a flag or variable, only digits are accepted. Coercion would take '' and null as 0, and true as 1. */
export const wholeNumber = (least: number, most = Number.MAX_SAFE_INTEGER) => {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  const error = `expected a whole number ${range}`;
  return z.preprocess(
    (value) => (typeof value === 'string' && /^\d+$/.test(value.trim()) ? Number(value) : value),
    z.number({ error }).int({ error }).min(least, { error }).max(most, { error }),
  );
};

/** A power of two, from 1 to `most`. */
export const powerOfTwo = (most: number) => {
  const error = `expected a power of two from 1 to ${most}`;
  return wholeNumber(1, most).refine((number) => Number.isInteger(Math.log2(number)), { error });
};

/** "0-3,6": the numbers in order. */
export const numberRanges = z
  .union([z.string(), z.number(), z.array(z.number())])
  .transform((value, context): number[] => {
    const numbers = new Set<number>();
    for (const part of String(value).split(',')) {
      const [, first, last] = /^\s*(\d{1,3})(?:-(\d{1,3}))?\s*$/.exec(part) ?? [];
      const [from, to] = [Number(first), Number(last ?? first)];
      if (first === undefined || to < from) {
        context.addIssue({ code: 'custom', message: 'expected numbers such as 0-3 or 0,5' });
        return z.NEVER;
      }
      for (let number = from; number <= to; number++) numbers.add(number);
    }
    return [...numbers].sort((a, b) => a - b);
  });

/** "auto", or such a number. */
export const autoOr = (least: number, most: number) =>
  z.union([z.number(), z.string()]).transform((value, context): number | 'auto' => {
    if (value === 'auto') return value;
    const number = wholeNumber(least, most).safeParse(value);
    if (number.success) return number.data;
    context.addIssue({
      code: 'custom',
      message: `expected auto or a whole number from ${least} to ${most}`,
    });
    return z.NEVER;
  });

/** "500", "500ms", "2s", "5m", "24h", "30d" or a number of milliseconds. */
export const anyDuration = z.union([z.number(), z.string()]).transform((value, context) => {
  const duration = readDuration(String(value));
  if (duration !== null) return duration;
  context.addIssue({ code: 'custom', message: 'expected a duration such as 500ms, 2s or 5m' });
  return z.NEVER;
});

/** What is kept: "30d" and the like by age, "20" by number. */
export const ageOrCount = z.union([z.number(), z.string()]).transform((value, context) => {
  const text = String(value).trim();
  if (/^\d+$/.test(text)) return { ageMs: null, count: Number(text) };
  const age = readDuration(text);
  if (age !== null) return { ageMs: age, count: null };
  context.addIssue({ code: 'custom', message: 'expected an age such as 30d or a number such as 20' });
  return z.NEVER;
});

/** At most what a timer of Node can wait for. */
export const duration = anyDuration.pipe(z.number().min(0).max(2_147_483_647));

/** A limit of time. With zero nothing could happen. */
export const timeLimit = duration.pipe(z.number().min(1));

/** "10485760", "10MiB", "512kB": bytes; 0 for none. */
export const sizeOrNone = z.union([z.number(), z.string()]).transform((value, context) => {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]i?)?b?$/i.exec(String(value).trim());
  const factor = { k: 1e3, ki: 1024, m: 1e6, mi: 1024 ** 2, g: 1e9, gi: 1024 ** 3 }[
    match?.[2]?.toLowerCase() ?? ''
  ];
  if (!match) {
    context.addIssue({ code: 'custom', message: 'expected a size such as 10485760 or 10MiB' });
    return z.NEVER;
  }
  return Math.round(Number(match[1]) * (factor ?? 1));
});

export const byteSize = sizeOrNone.pipe(z.number().min(1));
