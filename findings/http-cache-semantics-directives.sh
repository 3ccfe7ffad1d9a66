#!/usr/bin/env bash
# http-cache-semantics stores what says "No-Store", because it knows directives in small letters only, and reads an asctime date in local time.
#
# http-cache-semantics 4.3.0, which got's `cache` option decides by. RFC 9111 §5.2: directives have no case. RFC 9110 §5.6.7: a recipient
# must accept all three forms of a date, and asctime, which names no zone, means UTC. The page below is fresh for an hour; five hours west
# of Greenwich it is for six, and east of it for none.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund http-cache-semantics@4.3.0 >/dev/null 2>&1
cat > directives.cjs <<'JS'
const CachePolicy = require('http-cache-semantics');
const request = { method: 'GET', url: '/', headers: { host: 'a.example' } };
const date = 'Tue, 05 May 2026 12:00:00 GMT';
const policy = (headers) => new CachePolicy(request, { status: 200, headers: { date, ...headers } });
const control = (value) => policy({ 'cache-control': value });
const freshFor = (expires) => policy({ expires }).maxAge();
console.log([
  `stored: "no-store" ${control('no-store').storable()}, "No-Store" ${control('No-Store').storable()}`,
  `fresh for: "max-age=60" ${control('max-age=60').maxAge()}, "Max-Age=60" ${control('Max-Age=60').maxAge()}`,
  `Expires as IMF-fixdate ${freshFor('Tue, 05 May 2026 13:00:00 GMT')}, as RFC 850 ${freshFor('Tuesday, 05-May-26 13:00:00 GMT')}, as asctime ${freshFor('Tue May  5 13:00:00 2026')}`,
].join('; '));
JS
seen="five hours west: $(TZ=Etc/GMT+5 node directives.cjs)
UTC: $(TZ=UTC node directives.cjs)"
rest='stored: "no-store" false, "No-Store" true; fresh for: "max-age=60" 60, "Max-Age=60" 0; Expires as IMF-fixdate 3600, as RFC 850 3600, as asctime'
expected="five hours west: $rest 21600
UTC: $rest 3600"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was:"; echo "$expected"; exit 1; }
