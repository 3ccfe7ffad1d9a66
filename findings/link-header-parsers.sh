#!/usr/bin/env bash
# Each of three parsers of Link fields misses the next page in a valid spelling that another reads, such as "crossorigin; rel=next".
#
# http-link-header 1.1.4, parse-link-header 2.0.0, li 1.3.0. RFC 8288 §3: a parameter may have no value, and a quoted one may hold quotes.
# Appendix B.3: its name has no case; §2.1.1: neither has a registered relation. http-link-header makes one parameter of two, named
# "crossorigin; rel", without an error, so a link that is written in this order has no relation at all.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund http-link-header@1.1.4 parse-link-header@2.0.0 li@1.3.0 >/dev/null 2>&1
cat > next.cjs <<'JS'
const LinkHeader = require('http-link-header');
const li = require('li');
const parseLinkHeader = require('parse-link-header');
const parsers = {
  'http-link-header': (field) => LinkHeader.parse(field).rel('next')[0]?.uri,
  'parse-link-header': (field) => parseLinkHeader(field)?.next?.url,
  li: (field) => li.parse(field).next,
};
for (const field of ['</2>; rel="next"', '</2>; crossorigin; rel="next"', '</2>; Rel="next"', '</2>; rel="NEXT"', '</2>; title="\\"2\\""; rel="next"'])
  console.log(`${field}  ${Object.entries(parsers).map(([name, parse]) => `${name} ${parse(field) ?? 'none'}`).join(', ')}`);
JS
seen=$(node next.cjs)
expected='</2>; rel="next"  http-link-header /2, parse-link-header /2, li /2
</2>; crossorigin; rel="next"  http-link-header none, parse-link-header /2, li none
</2>; Rel="next"  http-link-header /2, parse-link-header none, li none
</2>; rel="NEXT"  http-link-header /2, parse-link-header none, li none
</2>; title="\"2\""; rel="next"  http-link-header /2, parse-link-header /2, li none'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was:"; echo "$expected"; exit 1; }
