// Globs, matched in linear time: every place in the glob that the text read so far can have reached is
// kept, so nothing is ever tried again. Regular expressions made of globs go back, which may take minutes
// on some texts.

/** The longest glob, in characters. */
const longestGlob = 1000;
/** The largest number of characters of a glob when each text of its braces is written out. */
const mostWrittenOut = 5000;

/**
 * A compiled glob. `*` is any text without a slash, and at least one character where it is a whole segment;
 * `**` is any text, and as a whole segment any number of segments, none too; `?` is one character other
 * than a slash; `[ab]`, `[a-z]` and `[!a]` are one character; `{a,b}` is one of these texts and may be
 * nested; `\` before a character makes it an ordinary one. All other characters stand for themselves. After
 * a `*` or a class at its end, the text may have a slash more: `/blog/*` matches `/blog/a/`.
 */
export class Glob {
  /** The number of states, which is the work for one character at most. */
  readonly size: number;
  /** How many states have been looked at in all calls of `matches`. */
  steps = 0;
  readonly #states: readonly State[];
  /** For each state, the number of the character before which it was last reached. */
  readonly #reachedAt: Uint32Array;
  readonly #starts: readonly number[];
  #now = 0;

  /**
   * Throws an Error that says what is wrong: something is not closed, a range is empty, or it is too long.
   */
  constructor(glob: string) {
    if (glob.length > longestGlob)
      throw new Error(`it has ${glob.length} characters, the most is ${longestGlob}`);
    const states: State[] = [];
    this.#starts = writtenOut(glob).map((text) => {
      const start = states.length;
      states.push(...statesOf(tokensOf(text)), { kind: 'end' });
      return start;
    });
    this.#states = states;
    this.#reachedAt = new Uint32Array(states.length);
    this.size = states.length;
  }

  /** Whether the glob matches the whole text. Takes at most `size` steps for each character. */
  matches(text: string): boolean {
    if (this.#now > 0xffff_0000 - text.length) {
      this.#reachedAt.fill(0);
      this.#now = 0;
    }
    let reached: number[] = [];
    this.#now++;
    for (const start of this.#starts) this.#reach(start, reached);
    for (let at = 0; at < text.length && reached.length > 0; at++) {
      const code = text.charCodeAt(at);
      const next: number[] = [];
      this.#now++;
      this.steps += reached.length;
      for (const index of reached) {
        const state = this.#states[index] as State;
        if (accepts(state, code)) this.#reach(state.kind === 'text' ? index : index + 1, next);
      }
      reached = next;
    }
    return reached.some((index) => this.#states[index]?.kind === 'end');
  }

  /** Adds the state, and those that are reached from it without a character. */
  #reach(index: number, reached: number[]): void {
    if (this.#reachedAt[index] === this.#now) return;
    this.#reachedAt[index] = this.#now;
    const state = this.#states[index] as State;
    if (state.kind === 'text' || state.kind === 'skip') this.#reach(index + 1, reached);
    if (state.kind === 'skip') this.#reach(index + state.by, reached);
    else reached.push(index);
  }
}

/**
 * `text`: any number of characters. `skip`: the next `by` states may be left out. `isAny` includes the slash.
 */
type State =
  | { kind: 'character'; code: number }
  | { kind: 'one' }
  | { kind: 'class'; codes: ReadonlySet<number>; isNot: boolean }
  | { kind: 'text'; isAny: boolean }
  | { kind: 'skip'; by: number }
  | { kind: 'end' };

const slashCode = 0x2f;

function accepts(state: State, code: number): boolean {
  switch (state.kind) {
    case 'character':
      return code === state.code;
    case 'one':
      return code !== slashCode;
    case 'class':
      return state.codes.has(code) !== state.isNot && (code !== slashCode || !state.isNot);
    case 'text':
      return state.isAny || code !== slashCode;
    case 'skip':
    case 'end':
      return false;
    default:
      return state satisfies never;
  }
}

const slash: State = { kind: 'character', code: slashCode };
const anyText: State = { kind: 'text', isAny: true };
const isSlash = (state: State) => state.kind === 'character' && state.code === slashCode;

/** Gives `*` and `**` the meaning that they have as whole segments. */
function statesOf(tokens: readonly State[]): State[] {
  const segments: State[][] = [[]];
  for (const token of tokens) {
    if (isSlash(token)) segments.push([]);
    else segments.at(-1)?.push(token);
  }
  const isMany = (segment: readonly State[] | undefined) =>
    segment?.length === 1 && segment[0]?.kind === 'text' && segment[0].isAny;
  const kept = segments.filter((segment, index) => !isMany(segment) || !isMany(segments[index - 1]));
  const states: State[] = [];
  for (const [index, segment] of kept.entries()) {
    const isFirst = index === 0;
    const isLast = index === kept.length - 1;
    if (!isFirst && !isMany(kept[index - 1]) && !(isMany(segment) && isLast)) states.push(slash);
    if (!isMany(segment))
      states.push(...(isStar(segment) ? [{ kind: 'one' } as const, ...segment] : segment));
    else if (isFirst && isLast) states.push(anyText);
    else if (isLast) states.push({ kind: 'skip', by: 3 }, slash, anyText);
    else states.push({ kind: 'skip', by: 3 }, anyText, slash);
  }
  const last = tokens.at(-1);
  const isOpen = last?.kind === 'class' || (last?.kind === 'text' && !last.isAny);
  return isOpen ? [...states, { kind: 'skip', by: 2 }, slash] : states;
}

const isStar = ([first, ...others]: readonly State[]) => first?.kind === 'text' && others.length === 0;

function tokensOf(glob: string): State[] {
  const tokens: State[] = [];
  for (const [piece, escaped, body] of glob.matchAll(pieces)) {
    if (piece.startsWith('*')) tokens.push({ kind: 'text', isAny: piece.length > 1 });
    else if (piece === '?') tokens.push({ kind: 'one' });
    else if (body !== undefined) tokens.push(classOf(body));
    else if (piece === '[') throw new Error('a [ is not closed; \\[ stands for the character');
    else tokens.push({ kind: 'character', code: (escaped ?? piece).charCodeAt(0) });
  }
  return tokens;
}

/** An escaped character, a class with its inside, a run of stars, or one other character. */
const pieces = /\\([\s\S])|\[([!^]?\]?(?:\\[\s\S]|[^\]\\])*)\]|\*+|[\s\S]/g;

function classOf(body: string): State {
  const isNot = /^[!^]/.test(body);
  const members = [...body.slice(Number(isNot)).matchAll(/\\([\s\S])|([\s\S])/g)].map((match) => ({
    code: (match[1] ?? match[2] ?? '').charCodeAt(0),
    isDash: match[2] === '-',
  }));
  const codes = new Set<number>();
  for (let at = 0; at < members.length; at++) {
    const [from, dash, to] = members.slice(at, at + 3);
    if (!from) break;
    const isRange = dash?.isDash === true && to !== undefined;
    const last = isRange ? to.code : from.code;
    if (last < from.code || last > 0x7f) throw new Error(`the range [${body}] is empty or not of ASCII`);
    for (let code = from.code; code <= last; code++) codes.add(code);
    if (isRange) at += 2;
  }
  return { kind: 'class', codes, isNot };
}

/** The glob once for each text of its braces. */
function writtenOut(glob: string): string[] {
  const done: string[] = [];
  const waiting = [glob];
  let characters = glob.length + 1;
  for (let text = waiting.pop(); text !== undefined; text = waiting.pop()) {
    const braces = firstBraces(text);
    if (braces === null) done.push(text);
    for (const choice of braces?.choices ?? []) {
      const written = braces?.before + choice + braces?.after;
      characters += written.length + 1;
      if (characters > mostWrittenOut + text.length + 1)
        throw new Error(
          `with the texts of its braces written out it has more than ${mostWrittenOut} characters`,
        );
      waiting.push(written);
    }
    characters -= braces ? text.length + 1 : 0;
  }
  return done;
}

/** The first braces with a comma between them, and what stands before and after. */
function firstBraces(glob: string): { before: string; choices: string[]; after: string } | null {
  const opened: { at: number; commas: number[] }[] = [];
  for (const { 0: piece, index } of glob.matchAll(pieces)) {
    const inner = opened.at(-1);
    if (piece === '{') opened.push({ at: index, commas: [] });
    else if (piece === ',') inner?.commas.push(index);
    else if (piece === '}' && inner) {
      opened.pop();
      const body = glob.slice(inner.at + 1, index);
      if (inner.commas.length === 0 && /^[^,{}\\]+\.\.[^,{}\\]+$/.test(body))
        throw new Error(`ranges such as {${body}} are not known; write {1,2,3}, or [1-3]`);
      if (inner.commas.length === 0) continue;
      const cuts = [inner.at, ...inner.commas, index];
      const choices = cuts.slice(1).map((cut, number) => glob.slice((cuts[number] as number) + 1, cut));
      return { before: glob.slice(0, inner.at), choices, after: glob.slice(index + 1) };
    }
  }
  if (opened.length > 0) throw new Error('a { is not closed; \\{ stands for the character');
  return null;
}
