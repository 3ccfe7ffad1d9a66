// Tracks whether the scanner is inside SVG or MathML ("foreign content"), where <title>, <style> and <link>
// have another meaning than in HTML. Source: HTML standard §13.2.6.5, without the rules that would need a
// tree.

/** The elements of foreign content that contain HTML. */
const holdsHtml = new Map([
  ['svg', new Set(['foreignobject', 'desc', 'title'])],
  ['math', new Set(['mi', 'mo', 'mn', 'ms', 'mtext'])],
]);

/** The start and end tags that end all foreign content around them. */
const endsForeign = new Set(
  (
    'b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr ' +
    'ol p pre ruby s small span strong strike sub sup table tt u ul var'
  ).split(' '),
);

/** The deepest nesting that is tracked. Browsers have the same limit. */
const MOST_NESTED = 512;

/** To be told of the tags of a page in document order. */
export class ForeignContent {
  /**
   * The open elements svg and math, and the open elements in them that contain HTML. The innermost is last.
   */
  readonly #open: string[] = [];

  /**
   * Whether any foreign element is open, even if the scanner is in HTML inside it. If none is open, the
   * caller needs to report only the tags svg and math.
   */
  get entered(): boolean {
    return this.#open.length > 0;
  }

  /** Whether the scanner is directly in foreign content, not in HTML inside it. */
  get current(): boolean {
    return this.#around() !== undefined;
  }

  #around(): ReadonlySet<string> | undefined {
    return holdsHtml.get(this.#open.at(-1) ?? '');
  }

  #leave(): void {
    while (this.current) this.#open.pop();
  }

  /** To be called for a start tag, with its name in lower case. Returns whether its element is foreign. */
  start(name: string): boolean {
    if (endsForeign.has(name)) this.#leave();
    const around = this.#around();
    const opens = around ? around.has(name) || name === this.#open.at(-1) : holdsHtml.has(name);
    if (opens && this.#open.length < MOST_NESTED) this.#open.push(name);
    return opens || around !== undefined;
  }

  /** To be called for an end tag, with its name in lower case, and for a tag that closes itself. */
  end(name: string): void {
    // Elements of these names are HTML. The end tag closes one that is around the foreign content, and so
    // ends that.
    if (endsForeign.has(name)) this.#leave();
    if (!this.current && holdsHtml.has(name)) return; // <desc></svg>: the end tag is ignored, desc stays open
    const last = this.#open.lastIndexOf(name);
    if (last >= 0) this.#open.length = last;
  }
}
