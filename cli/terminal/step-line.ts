// One line on a terminal that says what a command does now. Elsewhere nothing is shown.
import { isDumbTerminal } from '../../src/config/read.ts';
import { printable, shorten } from '../../src/printable.ts';

export interface StepLine {
  show(step: string): void;
  /** Removes the line. */
  clear(): void;
}

export function createStepLine(stream: NodeJS.WriteStream, isQuiet: boolean): StepLine {
  const isLive = stream.isTTY === true && !isQuiet && !isDumbTerminal();
  const write = (text: string) => {
    if (isLive) stream.write(`\r\x1b[K${text}`);
  };
  return {
    show: (step) => write(shorten(printable(step), (stream.columns || 80) - 1)),
    clear: () => write(''),
  };
}
