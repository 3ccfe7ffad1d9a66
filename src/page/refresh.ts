// Reads <meta http-equiv=refresh>: a number of seconds, often followed by a URL, which can be written in many
// ways.

const afterTime = /^[\t\n\f\r ]*[0-9.][0-9.]*(?=[;,\t\n\f\r ])[\t\n\f\r ]*[;,]?[\t\n\f\r ]*/;
const urlEquals = /^url[\t\n\f\r ]*=[\t\n\f\r ]*/i;

/**
 * The URL in the content of a refresh, as written. Null if there is none or the content is malformed.
 * Source: HTML standard, "shared declarative refresh steps".
 */
export function refreshTarget(content: string): string | null {
  const time = afterTime.exec(content);
  if (!time) return null;
  const rest = content.slice(time[0].length);
  if (rest === '') return null;
  const name = urlEquals.exec(rest);
  return unquoted(rest.slice(name?.[0].length ?? 0));
}

function unquoted(text: string): string {
  const quote = text[0];
  if (quote !== '"' && quote !== "'") return text;
  const end = text.indexOf(quote, 1);
  return text.slice(1, end < 0 ? undefined : end);
}
