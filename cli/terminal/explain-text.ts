// An explanation as text for a terminal: the answer first, then each decision on an aligned line with a mark.
import type { Explanation, Step } from '../../src/explain/explanation.ts';
import { printable } from '../../src/printable.ts';
import type { Attempt } from '../../src/queue/attempts.ts';
import { inOwnWords } from './own-hints.ts';
import { paint, type Style } from './styles.ts';
import { wrap } from './wrap.ts';

interface Terminal {
  columns: number;
  colour: boolean;
}

const marks = { true: { text: '✓', style: 'green' }, false: { text: '✗', style: 'red' } } as const;
const noMark = { text: '·', style: 'dim' } as const;
/** Width of the longest step name. */
const nameWidth = 'normalize'.length;
const indent = ' '.repeat(nameWidth + 5);

/**
 * Lines of at most the terminal's width. A longer word gets a line of its own, so that URLs can be copied.
 */
export function explanationText({ verdict, steps, attempts }: Explanation, terminal: Terminal): string {
  const answer = wrap(printable(inOwnWords(verdict)), terminal.columns, '').map((line) =>
    paint({ text: line, style: 'bold' }, terminal.colour),
  );
  const lines = steps.flatMap((step) => [
    ...stepLines(step, terminal),
    ...(step.step === 'attempts'
      ? attempts.flatMap((attempt, at) => attemptLines(attempt, at, terminal))
      : []),
  ]);
  return `${[...answer, '', ...lines].join('\n')}\n`;
}

function stepLines({ step, ok, text }: Step, { columns, colour }: Terminal): string[] {
  const mark: { text: string; style: Style } = ok === null ? noMark : marks[`${ok}`];
  const [first = '', ...rest] = wrap(printable(inOwnWords(text)), columns, indent);
  const head = `  ${paint(mark, colour)} ${step.padEnd(nameWidth)} `;
  return [`${head}${first.slice(indent.length)}`, ...rest];
}

function attemptLines(attempt: Attempt, at: number, { columns }: Terminal): string[] {
  const { code, status, address } = attempt;
  const answered = [status === null ? '' : `status ${status}`, address ?? ''].filter(Boolean).join(' from ');
  const text = `${at + 1}. ${attempt.at}  ${code}${answered ? `, ${answered}` : ''}`;
  return wrap(printable(text), columns, indent);
}
