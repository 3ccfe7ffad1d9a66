#!/usr/bin/env bash
# rss-parser takes an entry's link to itself for its page, keeps a relative link as it is, and gives an RSS item with a permalink alone no link.
#
# rss-parser 3.13.0. RFC 4287 §4.2.7.2: a link without rel is the alternate, so the page of the entry is "one";
# §2: xml:base is the base of relative references, so it is https://a.example/blog/2024/one. RSS 2.0: a guid is
# a permalink unless isPermaLink says otherwise, so it can be opened as a link is.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund rss-parser@3.13.0 >/dev/null 2>&1
cat > links.cjs <<'JS'
const Parser = require('rss-parser');
const linkOf = async (xml) => (await new Parser().parseString(xml)).items[0].link;
const entry = (links) => `<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://a.example/blog/"><title>t</title><entry xml:base="2024/"><title>e</title><id>urn:x:1</id>${links}</entry></feed>`;
(async () => console.log([
  `self, then the page: ${await linkOf(entry('<link rel="self" href="https://a.example/entry.xml"/><link href="https://a.example/one"/>'))}`,
  `relative to xml:base: ${await linkOf(entry('<link href="one"/>'))}`,
  `a permalink alone: ${await linkOf('<rss version="2.0"><channel><title>t</title><item><guid>https://a.example/1</guid></item></channel></rss>')}`,
].join(', ')))();
JS
seen=$(node links.cjs)
expected='self, then the page: https://a.example/entry.xml, relative to xml:base: one, a permalink alone: undefined'
echo "link: $seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was: $expected"; exit 1; }
