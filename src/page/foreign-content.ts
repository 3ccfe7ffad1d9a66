// Whether the parser stands in SVG or MathML, where <title>, <style> or <link> are not what they are in HTML.
// HTML standard §13.2.6.5, less what only a tree could tell.

/** The elements in which HTML goes on inside foreign content. */
const holdsHtml = new Map([
  ['svg', new Set(['foreignobject', 'desc', 'title'])],
  ['math', new Set(['mi', 'mo', 'mn', 'ms', 'mtext'])],
]);

/** The tags that end all foreign content around them. */
const endsForeign = new Set(
  (
    'b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr ' +
    'ol p pre ruby s small span strong strike sub sup table tt u ul var'
  ).split(' '),
);

/** Browsers nest no deeper either. */
const MOST_NESTED = 512;

export class ForeignContent {
  /** svg, math, and the elements in them that hold HTML; innermost last. */
  readonly #open: string[] = [];

  /** Whether anything foreign is open, perhaps with HTML in it. If not, only svg and math need be told. */
  get entered(): boolean {
    return this.#open.length > 0;
  }

  /** Whether what is innermost is foreign, and not HTML inside it. */
  get current(): boolean {
    return this.#around() !== undefined;
  }

  #around(): ReadonlySet<string> | undefined {
    return holdsHtml.get(this.#open.at(-1) ?? '');
  }

  #leave(): void {
    while (this.current) this.#open.pop();
  }

  /** A start tag, in lower case. Answers whether its element is foreign. */
  start(name: string): boolean {
    if (endsForeign.has(name)) this.#leave();
    const around = this.#around();
    const opens = around ? around.has(name) || name === this.#open.at(-1) : holdsHtml.has(name);
    if (opens && this.#open.length < MOST_NESTED) this.#open.push(name);
    return opens || around !== undefined;
  }

  /** An end tag, in lower case; told also of a tag that closes itself. */
  end(name: string): void {
    if (endsForeign.has(name)) this.#leave(); // no such element is foreign: it is one around what was not closed
    if (!this.current && holdsHtml.has(name)) return; // <desc></svg>: ignored, the desc stays open
    const last = this.#open.lastIndexOf(name);
    if (last >= 0) this.#open.length = last;
  }
}
