// Parses a page for cheerio within bounds. cheerio loads slowly, so it is loaded for the first page that
// needs it.
import { createRequire } from 'node:module';
import type { CheerioAPI } from 'cheerio/slim';
import { DomHandler, Parser } from 'htmlparser2';
import { failure } from '../errors.ts';
import { HandlerFault } from './verdicts.ts';

/**
 * Characters, nodes and levels of a page that is parsed. Browsers nest elements 512 deep. With 2,000 levels,
 * parts of cheerio overflow the stack.
 */
const MOST_CHARACTERS = 8 * 1024 * 1024;
const MOST_NODES = 500_000;
const DEEPEST = 512;

let cheerio: typeof import('cheerio/slim') | undefined;

/** Throws a HandlerFault (E_HANDLER_PAGE) when the page is too large or nested too deeply. */
export function loadDocument(markup: string, { xml }: { xml: boolean }): CheerioAPI {
  cheerio ??= createRequire(import.meta.url)('cheerio/slim') as typeof import('cheerio/slim');
  if (markup.length > MOST_CHARACTERS)
    throw tooLarge(`It has ${markup.length} characters, and $ takes ${MOST_CHARACTERS}.`);
  const options = { xmlMode: xml, decodeEntities: true };
  const handler = new BoundedDomHandler(undefined, { xmlMode: xml });
  new Parser(handler, options).end(markup);
  const root = handler.root as unknown as Parameters<typeof cheerio.load>[0];
  return cheerio.load(root, { xml: options });
}

/** Stops the parser at the bounds, so that no hostile page costs more than they allow. */
class BoundedDomHandler extends DomHandler {
  #nodes = 0;

  protected override addNode(node: Parameters<DomHandler['addNode']>[0]): void {
    if (++this.#nodes > MOST_NODES) throw tooLarge(`It has more than ${MOST_NODES} nodes.`);
    if (this.tagStack.length > DEEPEST) throw tooLarge(`Its elements are nested more than ${DEEPEST} deep.`);
    super.addNode(node);
  }
}

function tooLarge(detail: string): HandlerFault {
  return new HandlerFault(failure('E_HANDLER_PAGE', detail));
}
