#!/usr/bin/env bash
# robots-parser ends a group of user agents at a Sitemap or Crawl-delay line, and takes '~' and '%7E' for different octets.
#
# robots-parser 3.0.1, RFC 9309 §2.2.4: other records must not interfere with groups, so the rule below is meant
# for both agents; §2.2.2: percent-encoded unreserved characters are compared decoded. Each of the three URLs is disallowed.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund robots-parser@3.0.1 >/dev/null 2>&1
cat > groups.cjs <<'JS'
const parse = require('robots-parser');
const allowed = (lines, path) => parse('https://example.com/robots.txt', lines.join('\n')).isAllowed(`https://example.com${path}`, 'one');
console.log([
  `Sitemap between the agents: ${allowed(['User-agent: one', 'Sitemap: https://example.com/s.xml', 'User-agent: two', 'Disallow: /a'], '/a')}`,
  `Crawl-delay between the agents: ${allowed(['User-agent: one', 'Crawl-delay: 3', 'User-agent: two', 'Disallow: /a'], '/a')}`,
  `/~joe/ asked for as /%7Ejoe/: ${allowed(['User-agent: *', 'Disallow: /~joe/'], '/%7Ejoe/')}`,
].join(', '));
JS
seen=$(node groups.cjs)
expected='Sitemap between the agents: true, Crawl-delay between the agents: true, /~joe/ asked for as /%7Ejoe/: true'
echo "allowed? $seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was: $expected"; exit 1; }
