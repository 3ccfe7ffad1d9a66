// drover identity check: the identity as servers see it, a signed request, or what a URL answers.
import { DroverError } from '../../src/errors.ts';
import { printable } from '../../src/printable.ts';
import { EXIT } from '../command/failures.ts';
import type { Check } from '../doctor/check.ts';
import { inOwnWords } from '../terminal/own-hints.ts';
import { checkOwn } from './check-own.ts';
import { checkRequest } from './check-request.ts';
import { checkUrl } from './check-url.ts';
import type { CheckOptions } from './options.ts';

/**
 * Resolves with exit code 0, or 1 when something would be refused. Throws E_USAGE, E_IDENTITY_NONE,
 * E_IDENTITY, E_FILE.
 */
export async function run([url]: string[], options: CheckOptions): Promise<number> {
  const { request, directory, at } = options;
  if (url !== undefined && request !== undefined)
    throw new DroverError('E_USAGE', 'Give a URL, or --request, not both.');
  if (request === undefined && (directory ?? at) !== undefined)
    throw new DroverError('E_USAGE', '--directory and --at need --request.');
  const checks =
    request !== undefined
      ? await checkRequest({ ...options, request })
      : url !== undefined
        ? await checkUrl(url, options)
        : await checkOwn(options);
  for (const check of checks)
    process.stdout.write(options.json ? `${JSON.stringify(check)}\n` : lineOf(check));
  return checks.some(({ ok }) => ok === 'no') ? EXIT.dead : EXIT.recorded;
}

function lineOf({ name, ok, says, advice }: Check): string {
  const mark = { yes: 'ok  ', warn: 'WARN', no: 'FAIL' }[ok];
  const hint = advice ? `      ${printable(inOwnWords(advice))}\n` : '';
  return `${mark}  ${printable(`${name}: ${says}`)}\n${hint}`;
}
