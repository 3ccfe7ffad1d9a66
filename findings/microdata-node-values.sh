#!/usr/bin/env bash
# microdata-node makes numbers of the values of <data>, so a product's number loses its zeros, and reads a <time> without datetime as empty.
#
# microdata-node 2.0.0. HTML §5.2.4: the value of a property on <data> is that of its attribute, a text (the example in §5.1.2 is the id of a
# product); on <time> it is the datetime value, which is the element's text where there is no datetime (§4.5.14). An empty value becomes 0,
# and a number of 20 digits another number. The same code in <meta content> is read as it is.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund microdata-node@2.0.0 >/dev/null 2>&1
cat > values.cjs <<'JS'
const { toJson } = require('microdata-node');
for (const element of [
  '<meta itemprop="p" content="0012345678905">',
  '<data itemprop="p" value="0012345678905">Cup</data>',
  '<data itemprop="p" value="12345678901234567890">Cup</data>',
  '<data itemprop="p" value="">Cup</data>',
  '<time itemprop="p" datetime="2026-05-01">1 May</time>',
  '<time itemprop="p">2026-05-01</time>',
])
  console.log(`${element}: ${JSON.stringify(toJson(`<div itemscope>${element}</div>`).items[0].properties.p[0])}`);
JS
seen=$(node values.cjs)
expected='<meta itemprop="p" content="0012345678905">: "0012345678905"
<data itemprop="p" value="0012345678905">Cup</data>: 12345678905
<data itemprop="p" value="12345678901234567890">Cup</data>: 12345678901234567000
<data itemprop="p" value="">Cup</data>: 0
<time itemprop="p" datetime="2026-05-01">1 May</time>: "2026-05-01"
<time itemprop="p">2026-05-01</time>: ""'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was:"; echo "$expected"; exit 1; }
