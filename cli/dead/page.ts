// A dead letter as a page of text: its request, its attempts, what to try.

import type { Timings } from '../../src/outcome.ts';
import { printable } from '../../src/printable.ts';
import type { Attempt } from '../../src/queue/attempts.ts';
import type { DeadLetterDetail } from '../../src/queue/dead-letters.ts';
import { OWN_COMMAND } from '../command/own-command.ts';
import { counted } from '../terminal/figures.ts';
import { inOwnWords } from '../terminal/own-hints.ts';

const phases: [keyof Timings, string][] = [
  ['dns', 'dns'],
  ['connect', 'connect'],
  ['tls', 'tls'],
  ['firstByte', 'first byte'],
  ['download', 'download'],
  ['total', 'total'],
];

/**
 * Makes the page of a letter whose secrets are already redacted. Terminal control characters in it are made
 * visible.
 */
export function letterPage(letter: DeadLetterDetail): string {
  const { url, code, layer, message, jobId, failedAt, tries, attempts, advice } = letter;
  return [
    url,
    `${code} (${layer}): ${message}`,
    `dead since ${failedAt} after ${counted(attempts, 'attempt')}`,
    '',
    'Request',
    ...requestLines(letter).map(indented),
    '',
    tries.length === 0 ? 'Attempts: none are kept' : 'Attempts',
    ...tries.flatMap((attempt, index) => attemptLines(attempt, attempts - tries.length + index + 1, url)),
    '',
    'What to try',
    indented(inOwnWords(advice)),
    indented(`${OWN_COMMAND} dead replay ${jobId} --wait`),
  ]
    .map((line) => `${printable(line)}\n`)
    .join('');
}

function requestLines({ request, crawl, depth, referrer }: DeadLetterDetail): string[] {
  const { url, method = 'GET', headers = {}, body, depth: _depth, ...others } = request;
  return [
    `${method} ${url}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : [`body of ${counted(Buffer.byteLength(body), 'byte')}`]),
    `crawl ${crawl}, depth ${depth}${referrer === null ? ', a seed' : `, found on ${referrer}`}`,
    ...Object.entries(others).map(([name, value]) => `${name} ${JSON.stringify(value)}`),
  ];
}

function attemptLines(attempt: Attempt, number: number, url: string): string[] {
  const { at, code, layer, message, status, address, finalUrl, timings, body } = attempt;
  const place = [
    status === null ? '' : `status ${status}`,
    address === null ? '' : `address ${address}`,
    finalUrl === null || finalUrl === url ? '' : `at ${finalUrl}`,
  ].filter(Boolean);
  const times = phases
    .filter(([phase]) => timings[phase] !== null)
    .map(([phase, name]) => `${name} ${Math.round(timings[phase] ?? 0)} ms`);
  return [
    `  ${number}  ${at}  ${code} (${layer})`,
    `     ${message}`,
    ...(place.length === 0 ? [] : [`     ${place.join(', ')}`]),
    ...(times.length === 0 ? [] : [`     ${times.join(', ')}`]),
    ...(body === null ? [] : [`     body: ${body}`]),
  ];
}

function indented(line: string): string {
  return `  ${line}`;
}
