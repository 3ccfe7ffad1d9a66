// Decodes character references (&amp;) by the rules of HTML, which differ between attributes and text
// (`&copy=1`). Few texts contain any, so a full tokenizer decodes them, from a document made of just that
// text.
import { Tokenizer } from 'htmlparser2';

const ignore = () => undefined;
let source = '';
let decoded = '';

const append = (start: number, end: number) => {
  decoded += source.slice(start, end);
};
const appendCharacter = (codePoint: number) => {
  decoded += String.fromCodePoint(codePoint);
};

const decoder = new Tokenizer(
  { decodeEntities: true },
  {
    onattribdata: append,
    onattribentity: appendCharacter,
    ontext: append,
    ontextentity: appendCharacter,
    onattribend: ignore,
    onattribname: ignore,
    oncdata: ignore,
    onclosetag: ignore,
    oncomment: ignore,
    ondeclaration: ignore,
    onend: ignore,
    onopentagend: ignore,
    onopentagname: ignore,
    onprocessinginstruction: ignore,
    onselfclosingtag: ignore,
  },
);

function decode(html: string): string {
  source = html;
  decoded = '';
  decoder.reset();
  decoder.write(html);
  decoder.end();
  return decoded;
}

/** Decodes the value of an attribute. `value` is the source between the quotes. */
export function decodeAttribute(value: string): string {
  if (!value.includes('&')) return value;
  if (!/&(?!amp;)/.test(value)) return value.replaceAll('&amp;', '&');
  return value.includes('"')
    ? decode(`<a a='${value.replaceAll("'", '&#39;')}'>`)
    : decode(`<a a="${value}">`);
}

/** Decodes the text of an element that contains only text, such as a title. */
export function decodeEntities(text: string): string {
  return text.includes('&') ? decode(text.replaceAll('<', '&lt;')) : text;
}
