#!/usr/bin/env bash
# structured-headers reads a Date only at the end of a field: anything behind it is an error, so a valid dictionary is lost as a whole.
#
# structured-headers 2.1.0. RFC 9651 §4.2.9: parsing a Date is parsing an Integer behind "@", which ends with the
# first character that is no digit. The parser goes on to the end of the text and throws for a comma, a
# semicolon, a blank or a parenthesis.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund structured-headers@2.1.0 >/dev/null 2>&1
cat > dates.mjs <<'JS'
import { parseDictionary, parseItem, parseList } from 'structured-headers';
const outcome = (parse, text) => {
  try {
    parse(text);
    return 'read';
  } catch {
    return 'error';
  }
};
console.log([
  `a=@1: ${outcome(parseDictionary, 'a=@1')}`,
  `a=@1, b=2: ${outcome(parseDictionary, 'a=@1, b=2')}`,
  `@1;p: ${outcome(parseItem, '@1;p')}`,
  `(@1 @2): ${outcome(parseList, '(@1 @2)')}`,
].join('; '));
JS
seen=$(node dates.mjs)
expected='a=@1: read; a=@1, b=2: error; @1;p: error; (@1 @2): error'
echo "dates: $seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was: $expected"; exit 1; }
