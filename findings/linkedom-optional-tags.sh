#!/usr/bin/env bash
# linkedom takes the first element of a page for its root, so a page without the tags of html and body has an empty body.
#
# linkedom 0.18.15. HTML §13.1.2.4 lets authors leave out the tags of html, head and body, and parsers make the elements themselves.
# linkedom does not: of `<title>…</title><p>…` the root is TITLE and body is empty, and of `<html><title>…<p>…` body is empty too. What looks
# for the content of such a page in body (defuddle 0.19.4, @mozilla/readability) finds none.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund linkedom@0.18.15 >/dev/null 2>&1
cat > tags.mjs <<'JS'
import { parseHTML } from 'linkedom';
const see = (html) => { const { document } = parseHTML(html); return `${document.documentElement.tagName} '${document.body.textContent}'`; };
console.log([see('<title>t</title><p>text'), see('<html><title>t</title><p>text'), see('<html><head><title>t</title></head><body><p>text')].join(', '));
JS
seen=$(node tags.mjs)
expected="TITLE '', HTML '', HTML 'text'"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was: $expected"; exit 1; }
