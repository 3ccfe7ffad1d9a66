// Turns the input of POST /v1/crawls, whose field names are those of other crawlers' APIs, into drover's
// settings.
import { z } from 'zod';
import { parseSetting } from '../../config/parse.ts';
import {
  type CrawlSettings,
  crawlSettings,
  type NameOf,
  namesOf,
  presentNameOf,
  type SettingName,
} from '../../config/settings.ts';
import { definitions } from '../../config/table.ts';
import { checkCrawlName } from '../../crawl/crawl.ts';
import { checkLogin } from '../../crawl/logged-out.ts';
import { createScope } from '../../crawl/scope.ts';
import { DroverError, type ErrorCode } from '../../errors.ts';
import { isRegexPattern, stepsOfPattern } from '../../url/url-pattern.ts';
import { checkWebhook } from '../../webhooks/check.ts';
import type { ApiContext } from '../context.ts';
import { ApiProblem } from '../problem.ts';

/**
 * The most work that the patterns of one call may make for each character of a URL, in steps of a
 * nanosecond or two. The longest URL then takes 0.1 s, and a usual pattern has 20.
 */
const MOST_PATTERN_STEPS = 10_000;
/** Most seeds in one call. More can be sent as NDJSON to /v1/requests. */
const MOST_URLS = 10_000;

const text = z.string().max(8000);

export const crawlInput = z
  .strictObject({
    name: z.string().max(100).optional().meta({
      description: 'goes on with an unfinished crawl of that name; without a name, a new crawl begins',
    }),
    again: z.string().max(110).optional().meta({
      description:
        'the next run of a crawl that has ended, by its name or the id of a run: with its seeds and settings, which the other fields change; those that only the operator may set are those of the server. One that was begun so goes on. Without name, url and urls',
    }),
    url: text.optional(),
    urls: z.array(text).max(MOST_URLS).optional(),
    maxDepth: z
      .number()
      .int()
      .min(0)
      .nullable()
      .optional()
      .meta({ description: '0 fetches the seeds alone' }),
    limit: z
      .number()
      .int()
      .min(1)
      .nullable()
      .optional()
      .meta({ description: 'most requests that the crawl accepts' }),
    includePaths: z.array(text).max(1000).optional().meta({
      description: 'globs on URLs: /blog/**, *.pdf; ** is any text, * any without a slash, {a,b} one of them',
    }),
    excludePaths: z.array(text).max(1000).optional(),
    scope: z.enum(['host', 'origin', 'domain', 'any']).optional(),
    delayMs: z
      .number()
      .int()
      .min(0)
      .optional()
      .meta({ description: 'least time from one start to the next at one host' }),
    concurrency: z
      .number()
      .int()
      .min(1)
      .optional()
      .meta({ description: 'most fetches in flight at one host' }),
    headers: z.record(z.string(), z.string()).optional(),
    webhook: text.nullable().optional(),
    settings: z
      .record(z.string(), z.unknown())
      .optional()
      .meta({ description: 'any other setting of a crawl, by its name in docs/settings.md' }),
  })
  .meta({ id: 'NewCrawl' });

export type CheckedCrawlInput = z.infer<typeof crawlInput>;

/** Fields of the input, and the setting that each one sets. */
const fields = {
  maxDepth: 'depth',
  limit: 'limit',
  includePaths: 'include',
  excludePaths: 'exclude',
  scope: 'scope',
  delayMs: 'delay',
  concurrency: 'perHost',
  headers: 'header',
  webhook: 'webhook',
} as const satisfies Partial<Record<keyof CheckedCrawlInput, SettingName>>;

/**
 * Returns the new crawl's settings: `base` (by default the server's own), overridden by the caller's. Throws
 * E_FIELD or E_SETTING with the field's name, and E_WEBHOOK when a webhook is asked for and the server has no
 * secret to sign it with.
 */
export function settingsOf(
  context: ApiContext,
  input: CheckedCrawlInput,
  base = crawlSettings(context.settings),
): CrawlSettings {
  const { include, exclude } = input.settings ?? {};
  const patterns = { includePaths: input.includePaths, excludePaths: input.excludePaths };
  for (const [field, value] of Object.entries({
    ...patterns,
    'settings.include': include,
    'settings.exclude': exclude,
  }))
    refuseRegexes(field, value);
  boundPatterns({ ...patterns, 'settings.include': include, 'settings.exclude': exclude });
  const given: Record<string, unknown> = { ...base };
  for (const [field, name] of Object.entries(fields)) {
    const value = input[field as keyof typeof fields];
    if (value !== undefined) given[name] = checked(name, value, field);
  }
  for (const [name, value] of Object.entries(input.settings ?? {})) {
    const field = `settings.${name}`;
    given[name] = checked(settingNamed(name, field), value, field);
  }
  const settings = given as CrawlSettings;
  checkWebhookOf(context, settings);
  checkPatterns(settings);
  return settings;
}

/**
 * The settings of a former run that a caller of the API repeats. Those that only the operator may set are the
 * server's. Throws E_FIELD when the former run had headers, which may be secret, and the caller changes where
 * requests go without giving headers: they would go there too.
 */
export function settingsAgain(
  context: ApiContext,
  input: CheckedCrawlInput,
  former: CrawlSettings,
): CrawlSettings {
  const own = crawlSettings(context.settings);
  const names = namesOf('crawl').filter((name) => definitions[name].operatorOnly);
  const operators = Object.fromEntries(names.map((name) => [name, own[name]]));
  const settings = settingsOf(context, input, { ...former, ...operators });
  const hasNewHeaders = input.headers !== undefined || input.settings?.header !== undefined;
  if (hasNewHeaders || Object.keys(former.header).length === 0) return settings;
  const moved = leadElsewhere.find((name) => JSON.stringify(settings[name]) !== JSON.stringify(former[name]));
  if (moved === undefined) return settings;
  const field = Object.entries(fields).find(([given, name]) => name === moved && given in input)?.[0];
  throw inPlace(
    'E_FIELD',
    'the former run had headers of its own, which would be sent to other hosts too; give headers.',
    field ?? `settings.${moved}`,
  );
}

const leadElsewhere = ['scope', 'include', 'sitemap', 'checkExternal', 'requisites'] as const;

function inPlace(code: ErrorCode, why: string, field: string): ApiProblem {
  return new ApiProblem(code, `${field}: ${why}`, { field });
}

/** Throws E_FIELD for anything but a setting of crawls that a caller may set. */
function settingNamed(name: string, field: string): NameOf<'crawl'> {
  const setting = namesOf('crawl').find((known) => known === name);
  const present = presentNameOf(name);
  if (setting === undefined)
    throw new ApiProblem(
      'E_FIELD',
      `${field}: there is no such setting of a crawl${present === null ? '' : `; it is called ${present} now`}.`,
      { field },
    );
  if (definitions[setting].operatorOnly)
    throw new ApiProblem('E_FIELD', `${field}: only the operator of the server may set it.`, { field });
  return setting;
}

/** The name of a crawl. Throws E_FIELD for one that no crawl can have. */
export function checkedName(name: string, field: string): string {
  try {
    checkCrawlName(name, field);
    return name;
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    throw new ApiProblem('E_FIELD', error.detail, { field });
  }
}

function checked(name: SettingName, value: unknown, field: string): unknown {
  return inField(field, () => parseSetting(name, value, field));
}

/** Runs it, and makes an error of drover's one that names the field. */
function inField<T>(field: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof DroverError)) throw error;
    throw new ApiProblem(error.code, error.detail, { field });
  }
}

function checkWebhookOf({ settings: own }: ApiContext, settings: CrawlSettings): void {
  inField('webhook', () => checkWebhook({ ...settings, webhookSecret: own.webhookSecret }));
}

/**
 * Throws E_FIELD for a regular expression. One that backtracks could block the consumer of everybody's crawls
 * for a very long time on a URL made for it.
 */
function refuseRegexes(field: string, patterns: unknown): void {
  const found = Array.isArray(patterns) ? patterns.findIndex((one) => isRegexPattern(String(one))) : -1;
  if (found < 0) return;
  const place = `${field}.${found}`;
  throw new ApiProblem(
    'E_FIELD',
    `${place}: only the operator may give regular expressions; a glob is /blog/**.`,
    {
      field: place,
    },
  );
}

/** Throws E_FIELD when the globs of the call are malformed, or too much work for each link of the crawl. */
function boundPatterns(lists: Record<string, unknown>): void {
  let steps = 0;
  for (const [field, patterns] of Object.entries(lists)) {
    for (const [index, pattern] of (Array.isArray(patterns) ? patterns : []).entries()) {
      const place = `${field}.${index}`;
      steps += inField(place, () => stepsOfPattern(String(pattern), place));
      if (steps > MOST_PATTERN_STEPS)
        throw new ApiProblem(
          'E_FIELD',
          `${place}: the patterns up to here have ${steps} characters with the texts of their braces written out; the most is ${MOST_PATTERN_STEPS}.`,
          { field: place },
        );
    }
  }
}

function checkPatterns(settings: CrawlSettings): void {
  checkScope({ ...settings, include: [] }, 'excludePaths');
  checkScope(settings, 'includePaths');
}

function checkScope(settings: CrawlSettings, field: string): void {
  inField(field, () => createScope(settings));
  inField(field, () => checkLogin(settings));
}
