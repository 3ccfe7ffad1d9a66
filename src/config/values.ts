// The types of values of settings: how each is written in a flag, a variable or a file, and what it becomes.
// They are loaded when a value is given (see parse.ts): zod takes 20 ms.
import { resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { anyCaseRecord, headerLines, headerTable } from '../any-case.ts';
import { priceText, readPrice } from '../identity/price.ts';
import { readHostFile, readNamedHost, readResolveEntry } from './network-forms.ts';
import { duration, timeLimit, wholeNumber } from './numbers.ts';
import { isProxyAddress, PROXY_FORM, type ProxyFunction, readProxyAddress } from './proxy-address.ts';
import { isS3, readS3Address } from './s3-address.ts';
import { readStoreAddress } from './store-address.ts';

export * from './numbers.ts';

/**
 * What the table of settings uses of zod. To export `z` itself would bring all of it into the bundle, with
 * its messages in sixty languages.
 */
export const zod = { enum: z.enum, number: z.number, string: z.string };

/** A switch. As a flag it is given without a value. */
export const onOrOff = z.preprocess(
  (value) => (value === '1' || value === 'true' ? true : value === '0' || value === 'false' ? false : value),
  z.boolean(),
);

/** A list. In a variable it is separated by commas or white space. */
export const list = <T extends z.ZodType>(item: T) =>
  z.preprocess((value) => (typeof value === 'string' ? itemsOf(value) : value), z.array(item));

/** The same for items that hold no commas, which may separate them in a flag too. */
export const plainList = <T extends z.ZodType>(item: T) =>
  z.preprocess((value) => {
    const parts = typeof value === 'string' ? [value] : value;
    return Array.isArray(parts)
      ? parts.flatMap((part) => (typeof part === 'string' ? itemsOf(part) : [part]))
      : parts;
  }, z.array(item));

function itemsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean);
}

/** Lines, or an object of values by name. In a variable it is one line. */
export const headers = z.preprocess(
  (value) => (typeof value === 'string' ? [value] : value),
  z.unknown().transform((value, context) => {
    const { data, error } = (Array.isArray(value) ? headerLines : headerTable).safeParse(value);
    if (error) context.issues.push(...(error.issues as typeof context.issues));
    return data ?? z.NEVER;
  }),
);

/** A glob, or a /regex/. */
export const pattern = z.string().min(1);

/** The path of a handler file, or a handler that a program or drover.config.ts gives. It is checked later. */
export const handlerOrFile = z.custom<string | object>(
  (value) => (typeof value === 'string' ? value !== '' : typeof value === 'object' && value !== null),
  'expected a file, or a handler',
);

/** The address of a proxy, the path of a list, or a function of drover.config.ts. */
const proxyOrFunction = z.custom<string | ProxyFunction>().superRefine((value, context) => {
  if (typeof value === 'function') return;
  try {
    if (typeof value !== 'string' || value.trim() === '') throw new Error(PROXY_FORM);
    if (isProxyAddress(value)) readProxyAddress(value);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

export const proxies = z.preprocess(
  (value) => (typeof value === 'string' ? itemsOf(value) : typeof value === 'function' ? [value] : value),
  z.array(proxyOrFunction),
);

/** `example.com`, `*.example.com` or `*`, each with or without a port. */
const hostPattern = z.string().regex(/^(\*|(\*\.)?[a-z0-9_.-]+|\[[0-9a-f:.]+\])(:\d+)?$/i);

/** How much a host may be asked. `max` starts in `durationMs` is a rate. Times in milliseconds. */
const hostRule = z
  .strictObject({
    delay: duration.optional(),
    concurrency: wholeNumber(1, 10_000).optional(),
    max: wholeNumber(1, 1_000_000).optional(),
    durationMs: timeLimit.optional(),
  })
  .refine(({ max, durationMs }) => (max === undefined) === (durationMs === undefined), {
    error: 'max and durationMs must be given together: at most max starts in that time',
  });

/** In a variable, such a value is JSON. */
const orJson = <T extends z.ZodType>(type: T) =>
  z.preprocess((value, context) => {
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value);
    } catch (error) {
      context.addIssue({ code: 'custom', message: `expected JSON: ${(error as Error).message}` });
      return z.NEVER;
    }
  }, type);

export const hostTable = orJson(
  anyCaseRecord(hostPattern, hostRule, {
    error: ({ code }) =>
      code === 'invalid_key'
        ? 'expected a host such as example.com, *.example.com or 10.0.0.7:8080'
        : undefined,
  }),
);

/** A bearer token of the API. With `ro:` before it, it allows only reading. */
const apiToken = z
  .string()
  .regex(
    /^(ro:)?[\x21-\x2b\x2d-\x7e]{16,256}$/,
    'expected 16 to 256 printable characters without commas, ro: before it for read-only',
  );

/** If anything is given, it must be a token: nobody gives an empty text to say that there is none. */
export const apiTokens = z.preprocess(
  (value) => (typeof value === 'string' && itemsOf(value).length === 0 ? ['none'] : value),
  list(apiToken).refine(
    (tokens) => new Set(tokens.map((token) => token.replace(/^ro:/, ''))).size === tokens.length,
    'the same token is given twice',
  ),
);

/** Tables of headers, one a session. */
export const headerSets = orJson(z.array(headerTable).max(1000));

/** As an absolute path, so that processes that work elsewhere use the same. */
export const filePath = z
  .string()
  .min(1)
  .transform((text) => resolve(text));

/** A field of a form, and where its value comes from. Secrets do not stand here, but where they are. */
export const formField = z
  .string()
  .regex(
    /^[^=]+=(env:[A-Za-z_]\w*|file:.+|text:.*)$/s,
    'expected field=env:NAME, field=file:PATH or field=text:VALUE',
  )
  .transform((text) => text.replace(/^([^=]+=file:)(.+)$/s, (_, field, path) => field + resolve(path)));

export const webUrl = z.string().regex(/^https?:\/\/[^\s/]+/i, 'expected an http:// or https:// URL');

/** In a comment of a header: visible ASCII without parentheses and backslashes (RFC 9110 section 5.6.5). */
export const contact = z
  .string()
  .regex(
    /^(https?:\/\/[^\s/]+|mailto:[^\s@]+@|[^\s@:/]+@[^\s@/]+$)/i,
    'expected the http:// or https:// URL of a page, or a mail address',
  )
  .regex(
    /^[\x21-\x27\x2a-\x5b\x5d-\x7e]{1,500}$/,
    'expected up to 500 visible ASCII characters without ( ) \\',
  )
  .transform((text) => text.replace(/^mailto:/i, ''));

/** The address of a name server, with or without a port; an IPv6 address with a port is in brackets. */
export const nameServer = z.string().refine(isNameServer, {
  error: 'expected the address of a name server, such as 9.9.9.9, 127.0.0.1:5353 or [2620:fe::fe]:53',
});

function isNameServer(text: string): boolean {
  if (ipaddr.isValid(text)) return text.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(text);
  const [, six, four, port] = /^(?:\[(.+)\]|([\d.]+)):(\d{1,5})$/.exec(text) ?? [];
  const isAddress =
    six === undefined ? ipaddr.IPv4.isValidFourPartDecimal(four ?? '') : ipaddr.IPv6.isValid(six);
  return isAddress && Number(port) >= 1 && Number(port) <= 65_535;
}

/** A text that stays as it is if `read` throws no Error, whose message says what is wrong. */
const readableBy = (read: (text: string) => unknown) =>
  z.string().superRefine((text, context) => {
    try {
      read(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  });

/** Its text stays as it is, with a password if there is one. */
export const storeUrl = readableBy(readStoreAddress);
export const hostFiles = list(readableBy(readHostFile));
export const namedHosts = plainList(readableBy(readNamedHost));
/** In a variable they stand between blanks, as commas stand between addresses. */
export const resolveEntries = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(/\s+/).filter(Boolean) : value),
  z.array(readableBy(readResolveEntry)),
);

/** A directory as an absolute path, so that processes that work elsewhere use the same; or a bucket. */
export const warcPlace = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    try {
      if (isS3(text)) readS3Address(text);
      else if (/^[a-z][a-z0-9+.-]+:\/\//i.test(text)) throw new Error(WARC_FORM);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
    }
  })
  .transform((text) => (isS3(text) ? text : resolve(text)));

const WARC_FORM = 'expected a directory or s3://bucket/prefix';

/** `USD 0.01` */
export const price = z.string().transform((text, context) => {
  const read = readPrice(text);
  if (read !== null && read.micros > 0) return priceText(read);
  context.addIssue({ code: 'custom', message: 'expected a currency and an amount, such as USD 0.01' });
  return z.NEVER;
});

/** "auto", or the absolute path of a file. */
export const autoOrFile = z
  .string()
  .min(1)
  .refine((text) => !/^[a-z][a-z0-9+.-]+:\/\//i.test(text), 'expected auto or a file, not a URL')
  .transform((text) => (text === 'auto' ? text : resolve(text)));

export const statusCode = wholeNumber(100, 599);
export const cidr = z.string().refine((text) => isCidr(text), 'expected an address range such as 10.0.0.0/8');

function isCidr(text: string): boolean {
  if (ipaddr.isValid(text)) return true;
  try {
    ipaddr.parseCIDR(text);
    return true;
  } catch {
    return false;
  }
}
