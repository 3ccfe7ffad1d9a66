// Reads the answer to an upload in bounded memory. It lists every rejected line, so it may be larger than a
// string can be.
import type { Refused } from './answers.ts';

/** The most rejected requests that the client lists. */
export const MOST_REJECTED = 1000;

/**
 * `frame` is the answer's object without the elements of its array, `elements` the first of these, `count`
 * the number of all.
 */
export interface EnqueueAnswer {
  frame: unknown;
  elements: unknown[];
  count: number;
}

/**
 * Reads `{…, "rejected": [{…}, …]}`, in pieces that may end anywhere, and keeps the first `most` elements.
 * Throws a SyntaxError for text that is not JSON.
 */
export async function readEnqueueAnswer(pieces: AsyncIterable<string>, most: number): Promise<EnqueueAnswer> {
  const elements: unknown[] = [];
  let [frame, element, count] = ['', '', 0];
  let [depth, inString, isEscaped] = [0, false, false];
  for await (const piece of pieces) {
    let start = 0;
    /**
     * Adds the text before `end` to the frame or to the current element, or drops it when it is between two
     * elements.
     */
    const take = (end: number) => {
      if (depth < 2) frame += piece.slice(start, end);
      else if (depth > 2 && count < most) element += piece.slice(start, end);
      start = end;
    };
    for (let at = 0; at < piece.length; at++) {
      const character = piece[at];
      if (inString) {
        if (isEscaped) isEscaped = false;
        else if (character === '\\') isEscaped = true;
        else if (character === '"') inString = false;
      } else if (character === '"') inString = true;
      else if (character === '{' || character === '[') {
        take(depth === 1 ? at + 1 : at); // the opening bracket of the array belongs to the frame
        depth++;
      } else if (character === '}' || character === ']') {
        take(depth > 2 ? at + 1 : at);
        depth--;
        if (depth !== 2) continue;
        if (count++ < most) elements.push(JSON.parse(element));
        element = '';
      }
    }
    take(piece.length);
  }
  return { frame: JSON.parse(frame), elements, count };
}

/** A request that was not accepted, as the server names it: by its line, counted from 1. */
export interface SentBack extends Omit<Refused, 'index'> {
  line: number;
}

/** The first MOST_REJECTED of them, each with its index among the given requests. */
export function refusedOf(rejected: readonly SentBack[] = [], indexOf: (line: number) => number): Refused[] {
  return rejected
    .slice(0, MOST_REJECTED)
    .map(({ line, url, code, message }) => ({ index: indexOf(line), url, code, message }));
}
