#!/usr/bin/env bash
# structured-headers writes a Decimal that is whole as an Integer, so a field that is read and written again is another field.
#
# structured-headers 2.1.0. RFC 9651 §3.3.1, §3.3.2 and §4.2.4: 1.0 is a Decimal and 1 an Integer, two types; the
# canonical form of the first is "1.0". A signature base (RFC 9421 §2.1.1, parameter sf) or a quality value that
# is made from the parsed field differs from the one that the sender made.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund structured-headers@2.1.0 >/dev/null 2>&1
cat > decimals.mjs <<'JS'
import { parseDictionary, parseItem, serializeDictionary, serializeItem } from 'structured-headers';
console.log([
  `item 1.0: ${serializeItem(parseItem('1.0'))}`,
  `dictionary: ${serializeDictionary(parseDictionary('a=2.0, b=2.5'))}`,
  `parameter: ${serializeItem(parseItem('"x";q=1.0'))}`,
].join('; '));
JS
seen=$(node decimals.mjs)
expected='item 1.0: 1; dictionary: a=2, b=2.5; parameter: "x";q=1'
echo "written again: $seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was: $expected"; exit 1; }
