// Reads the head of an answer that is not as RFC 9112 wants it, the way browsers read it, and writes it anew
// as it should have been.

export interface RewrittenHead {
  readonly status: number;
  readonly chunked: boolean;
  readonly bytes: Buffer;
  /** The length that the body probably has, where the header gives none that is valid; else null. */
  readonly likelyLength: number | null;
}

/** An error in the form of those of Node's parser. */
export function parseError(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code });
}

const token = /^[!#$%&'*+.^_`|~\w-]+$/;
/** Larger numbers are none, as in Chromium, whose numbers have 64 bits. */
const number = /^0*\d{1,18}$/;
/** Bytes before the status line that browsers pass over. */
export const mostBefore = 4;
const beforeStatus = new RegExp(`^[^]{0,${mostBefore}}?(?=http/)`, 'i');

/** RFC 9112 section 7.2. */
const compressing = new Set(['gzip', 'x-gzip', 'deflate', 'compress', 'x-compress', 'br', 'zstd']);

type Field = [name: string, value: string];
type Framed = Pick<RewrittenHead, 'chunked' | 'likelyLength'> & { fields: Field[] };

/** Whether an answer that begins so may be one with a head. */
export function mayBeHead(bytes: Buffer): boolean {
  const text = bytes.toString('latin1', 0, mostBefore + 'http/'.length).toLowerCase();
  for (let before = 0; before <= mostBefore; before++)
    if ('http/'.startsWith(text.slice(before, before + 'http/'.length))) return true;
  return false;
}

/**
 * Reads a whole head. Throws an error with the code of Node's parser if it must not be guessed:
 * it holds NUL, or two lengths that differ. The rules are those of Chromium: net/http/http_util.cc
 * (AssembleRawHeaders, HeadersIterator) and http_stream_parser.cc (CalculateResponseBodySize).
 */
export function rewriteHead(head: Buffer): RewrittenHead {
  const text = head.toString('latin1').replace(beforeStatus, '');
  if (!/^http\//i.test(text)) throw parseError('HPE_INVALID_CONSTANT', 'no status line');
  if (text.includes('\0')) throw parseError('HPE_INVALID_HEADER_TOKEN', 'a NUL in the header');
  const [first = '', ...rest] = text.split(/[\r\n]+/);
  const { isNew, status, reason } = statusIn(first);
  const { fields, chunked, likelyLength } = framed(fieldsIn(rest));
  const version = isNew || chunked ? '1.1' : '1.0';
  const lines = [
    `HTTP/${version} ${status} ${reason}`,
    ...fields.map(([name, value]) => `${name}: ${value}`),
  ];
  const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  return { status, chunked, bytes, likelyLength };
}

/** A version above 1.1 counts as 1.1 (RFC 9110 section 2.5). Without a status, browsers take it for 200. */
function statusIn(line: string): { isNew: boolean; status: number; reason: string } {
  const [, major, minor, digits = '', reason = ''] =
    /^http\/(\d+)(?:\.(\d+))?[^ ]* *(\d*)(.*)$/i.exec(line) ?? [];
  const isNew = Number(major) > 1 || (Number(major) === 1 && Number(minor) > 0);
  const status = digits === '' ? 200 : Number(digits);
  if (status < 100 || status > 999) throw parseError('HPE_INVALID_STATUS', 'the status has not three digits');
  return { isNew, status, reason: trimBlanks(reason) };
}

/** A line with a blank in front continues the one before it (RFC 9112 section 5.2). */
function fieldsIn(lines: readonly string[]): Field[] {
  const fields: Field[] = [];
  let open: Field | null = null;
  for (const line of lines) {
    if (isBlank(line, 0)) {
      if (open) open[1] += ` ${trimBlanks(line)}`;
      continue;
    }
    open = fieldIn(line);
    if (open && token.test(open[0])) fields.push(open);
  }
  return fields.map(([name, value]) => [name, trimBlanks(value)]);
}

/** Null for a line without colon, which is left out. */
function fieldIn(line: string): Field | null {
  const colon = line.indexOf(':');
  return colon > 0 ? [trimBlanks(line.slice(0, colon)), line.slice(colon + 1)] : null;
}

/** Other white space is part of a value. No regular expression: on many blanks, it would take long. */
function trimBlanks(value: string): string {
  let from = 0;
  let to = value.length;
  while (from < to && isBlank(value, from)) from++;
  while (to > from && isBlank(value, to - 1)) to--;
  return value.slice(from, to);
}

function isBlank(text: string, at: number): boolean {
  return text[at] === ' ' || text[at] === '\t';
}

/**
 * The fields with one framing. Chunked goes before a length. A length that is no number is left out: the body
 * then ends with the connection. Transfer codings that compress become content codings.
 */
function framed(fields: readonly Field[]): Framed {
  const codings = listOf(fields, 'transfer-encoding').map((coding) => coding.toLowerCase());
  const compressed = codings.filter((coding) => compressing.has(coding));
  const kept = fields.filter(([name]) => !/^(?:content-length|transfer-encoding)$/i.test(name));
  if (compressed.length > 0) kept.push(['Content-Encoding', compressed.join(', ')]);
  if (codings.includes('chunked'))
    return { fields: [...kept, ['Transfer-Encoding', 'chunked']], chunked: true, likelyLength: null };
  const [length, ...more] = listOf(fields, 'content-length');
  if (more.some((another) => another !== length))
    throw parseError('HPE_UNEXPECTED_CONTENT_LENGTH', 'two lengths that differ');
  if (length !== undefined && number.test(length))
    return { fields: [...kept, ['Content-Length', length]], chunked: false, likelyLength: null };
  const digits = /^\+?(\d{1,15})(?!\w)/.exec(length ?? '')?.[1];
  return { fields: kept, chunked: false, likelyLength: digits === undefined ? null : Number(digits) };
}

/** The members of a field that is a list, over all its lines; empty ones left out. */
function listOf(fields: readonly Field[], wanted: string): string[] {
  const values = fields.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
  return values.flatMap((value) => value.split(',').map(trimBlanks)).filter((member) => member !== '');
}
