// What a command says about lines of seeds that were not accepted: the first ones in full. All of them are in
// a file, which the summary names.
import { count } from './figures.ts';

const MOST_SAID = 20;

/** Makes a listener for the sentence about each such line. */
export function createBadLineNotice(say: (line: string) => void): (sentence: string) => void {
  let said = 0;
  return (sentence) => {
    said++;
    if (said <= MOST_SAID) say(sentence);
    if (said === MOST_SAID) say(`only the first ${count(MOST_SAID)} bad lines are shown`);
  };
}
