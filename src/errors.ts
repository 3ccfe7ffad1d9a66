// Errors: the catalogue of all codes, failures as values, the exception that carries a code, and the text
// form in which a failure is kept.
import { type Decisions, type Sentences, table } from './errors-table.ts';

/** Where in the life of a request an error arose. */
export type Layer = keyof typeof table;
export type ErrorCode = { [Each in Layer]: keyof (typeof table)[Each] }[Layer];

export interface CatalogueEntry extends Sentences, Decisions {
  readonly layer: Layer;
}

/** Every code with its layer, its sentences and its decisions, in the order of the table. */
export const catalogue = Object.fromEntries(
  Object.entries(table).flatMap(([layer, codes]) =>
    Object.entries(codes).map(([code, entry]) => [code, { layer, ...entry }]),
  ),
) as Readonly<Record<ErrorCode, CatalogueEntry>>;

/** The entry of a code that came from outside this process; null when this release does not know the code. */
export function entryOf(code: string): CatalogueEntry | null {
  return Object.hasOwn(catalogue, code) ? catalogue[code as ErrorCode] : null;
}

/** The layer of a code from outside this process; 'queue' when this release does not know the code. */
export function layerOf(code: string): Layer {
  return entryOf(code)?.layer ?? 'queue';
}

/** What records and the API show of a failure. */
export interface ShownFailure {
  readonly code: ErrorCode;
  readonly layer: Layer;
  /** The sentence of the catalogue, followed by the detail. */
  readonly message: string;
}

/** An expected failure as a value. */
export interface Failure extends ShownFailure {
  /** What this case adds to the sentence of the catalogue. */
  readonly detail?: string;
  /** The failure that caused this one. */
  readonly cause?: Failure;
}

/** `detail` follows the sentence of the catalogue. It must hold no secrets. */
export function failure(code: ErrorCode, detail?: string, cause?: Failure | null): Failure {
  const { layer, means } = catalogue[code];
  return {
    code,
    layer,
    message: detail ? `${means} ${detail}` : means,
    ...(detail ? { detail } : {}),
    ...(cause ? { cause } : {}),
  };
}

/** Works for anything that may have been thrown, or be the reason of an abort. */
export function isFailure(value: unknown): value is Failure {
  if (typeof value !== 'object' || value === null || value instanceof Error) return false;
  const { code, message } = value as Partial<Failure>;
  return typeof code === 'string' && typeof message === 'string' && entryOf(code) !== null;
}

/** Drops what only this process needs. */
export function shownFailure({ code, layer, message }: ShownFailure): ShownFailure {
  return { code, layer, message };
}

/** A failure that was kept, by this release or another. The catalogue may not know its code. */
export interface KeptFailure {
  readonly code: string;
  readonly layer: Layer;
  readonly message: string;
}

/**
 * `CODE message`: how a failure is kept as one text. This form is used in BullMQ's failedReason, in the hash
 * of a crawl's dead letters (replay.lua reads the code there), and for a robots.txt that could not be
 * fetched.
 */
export function packFailure({ code, message }: ShownFailure): string {
  return `${code} ${message}`;
}

/** The inverse of packFailure. Of any other text, the first word is taken as the code. */
export function unpackFailure(text: string): KeptFailure {
  const space = text.indexOf(' ');
  const code = space < 0 ? text : text.slice(0, space);
  return { code, layer: layerOf(code), message: space < 0 ? '' : text.slice(space + 1) };
}

/** The failure that was kept, with its detail; null when its code is unknown. The cause is not kept. */
export function knownFailure({ code, message }: KeptFailure): Failure | null {
  const entry = entryOf(code);
  if (!entry) return null;
  const { layer, means } = entry;
  const detail = message.startsWith(means) ? message.slice(means.length).trim() : message;
  return { code: code as ErrorCode, layer, message, ...(detail ? { detail } : {}) };
}

/**
 * For what must not happen, or what stops a command. It has a stable code, and the original error as `cause`.
 */
export class DroverError extends Error {
  override readonly name = 'DroverError';
  readonly code: ErrorCode;
  readonly detail: string;
  /** The part of an API call that is at fault: `urls.3`, `query.limit`. */
  readonly field: string | undefined;

  constructor(code: ErrorCode, detail = '', options: ErrorOptions & { field?: string } = {}) {
    super(detail ? `${catalogue[code].means} ${detail}` : catalogue[code].means, options);
    this.code = code;
    this.detail = detail;
    this.field = options.field;
  }

  get layer(): Layer {
    return catalogue[this.code].layer;
  }

  get advice(): string {
    return catalogue[this.code].advice;
  }
}
