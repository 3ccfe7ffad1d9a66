// What ends a command whose consumer processes die again and again.
import { DroverError } from '../../src/errors.ts';

export class ProcessesFailure extends DroverError {
  /** That of the last process, if it was one of an error; 3 if it was killed. */
  readonly exitCode: 2 | 3;

  constructor(detail: string, exitCode: number | null) {
    super('E_CONSUMER_ENDED', detail);
    this.exitCode = exitCode === 2 ? 2 : 3;
  }
}
