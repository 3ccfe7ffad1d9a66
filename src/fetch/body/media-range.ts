// Media types as users ask for them: text/html, image/*.

/** In lower case; the subtype is null for any. */
export type MediaRange = readonly [type: string, subtype: string | null];

/** How one is given, for errors. */
export const MEDIA_RANGE_FORM = 'a media type such as text/html or image/*';

/** Reads one; null when the text is none. */
export function readMediaRange(text: string): MediaRange | null {
  const [, type, subtype] = /^([\w.+-]+)\/([\w.+-]+|\*)$/.exec(text.trim().toLowerCase()) ?? [];
  return type && subtype ? [type, subtype === '*' ? null : subtype] : null;
}

/** Whether a Content-Type header (null for none) is of one of the ranges. Its parameters do not count. */
export function isInMediaRange(contentType: string | null, ranges: readonly MediaRange[]): boolean {
  const [type, subtype] = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase().split('/') ?? [];
  return ranges.some((range) => range[0] === type && (range[1] === null || range[1] === subtype));
}
