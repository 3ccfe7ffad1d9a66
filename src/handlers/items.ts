// The items that a handler emits for one page: checked against the schema, made JSON, and bounded.
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { failure } from '../errors.ts';
import type { EmittedItem } from '../record.ts';
import type { Handler } from './define.ts';
import { HandlerFault } from './verdicts.ts';

/** Of one page. A record is one line, and whoever reads it needs memory for the whole line. */
export const MOST_ITEMS = 10_000;
export const MOST_ITEM_CHARACTERS = 8 * 1024 * 1024;
/** Of a wrong value in an error. */
const MOST_SHOWN = 200;

/** Gathers the items of one page. */
export class EmittedItems {
  readonly #handler: Handler;
  /** Each item as JSON, in the order of the calls; a promise while an asynchronous schema checks it. */
  readonly #texts: (string | Promise<string>)[] = [];
  #characters = 0;
  #isAsync = false;

  constructor(handler: Handler) {
    this.#handler = handler;
  }

  /** Throws a HandlerFault for a wrong item, or for one too many. */
  add(item: unknown): void {
    const index = this.#texts.length;
    if (index >= MOST_ITEMS)
      throw new HandlerFault(failure('E_HANDLER_LIMIT', `A page may emit ${MOST_ITEMS} items.`));
    const { schema } = this.#handler;
    if (!schema) return void this.#texts.push(this.#textOf(item, index));
    const checked = schema['~standard'].validate(item);
    if (!(checked instanceof Promise)) {
      this.#texts.push(this.#textOf(this.#valueOf(checked, item, index), index));
      return;
    }
    const text = checked.then((result) => this.#textOf(this.#valueOf(result, item, index), index));
    text.catch(() => undefined); // all() throws it
    this.#texts.push(text);
    this.#isAsync = true;
  }

  /** All items. The promise rejects with a HandlerFault when one that was checked asynchronously is wrong. */
  all(): EmittedItem[] | Promise<EmittedItem[]> {
    const made = (texts: string[]) =>
      texts.map((text) => ({ handler: this.#handler.name, item: JSON.parse(text) as unknown }));
    return this.#isAsync ? Promise.all(this.#texts).then(made) : made(this.#texts as string[]);
  }

  #valueOf(result: StandardSchemaV1.Result<unknown>, item: unknown, index: number): unknown {
    if (!result.issues) return result.value;
    const [issue] = result.issues;
    const path = (issue?.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
    const at = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
    const more = result.issues.length > 1 ? ` (and ${result.issues.length - 1} more)` : '';
    throw this.#wrong(
      index,
      `item${at}: ${issue?.message ?? 'wrong'}; got ${shown(valueAt(item, path))}${more}`,
    );
  }

  #textOf(value: unknown, index: number): string {
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch {
      throw this.#wrong(index, 'it cannot be written as JSON: it holds a BigInt, or itself');
    }
    if (text === undefined) throw this.#wrong(index, `it is no JSON; got ${shown(value)}`);
    this.#characters += text.length;
    if (this.#characters > MOST_ITEM_CHARACTERS) {
      const detail = `The items of a page may have ${MOST_ITEM_CHARACTERS} characters in all.`;
      throw new HandlerFault(failure('E_HANDLER_LIMIT', detail));
    }
    return text;
  }

  #wrong(index: number, what: string): HandlerFault {
    return new HandlerFault(
      failure('E_HANDLER_ITEM', `Item ${index + 1} of ${this.#handler.name}, ${what}.`),
    );
  }
}

function valueAt(item: unknown, path: readonly PropertyKey[]): unknown {
  let value = item;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return value;
}

/** A value as an error shows it: short, on one line. */
function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'undefined') return String(value);
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch {
    // circular, or a BigInt in it
  }
  return (text ?? typeof value).slice(0, MOST_SHOWN);
}
