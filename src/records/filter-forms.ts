// How the values of a filter of records are given, for help texts and errors.
import { MEDIA_RANGE_FORM } from '../fetch/body/media-range.ts';

export const STATUS_FORM = 'a status such as 404, a class such as 4xx, none, or several: 404,5xx';
export const TYPE_FORM = `${MEDIA_RANGE_FORM}, or several: text/html,application/pdf`;
export const URL_FORM =
  'text in the URL, before or after redirects; with *, [ or { a pattern as of --include: /blog/**, *.pdf';
