#!/usr/bin/env bash
# tough-cookie keeps a cookie whose Path has an escape, such as /caf%C3%A9, and sends it to no page, not even to the one that set it.
#
# tough-cookie 6.1.0. RFC 6265 §5.1.4 compares Path with the path of the URL as it is. The jar takes the escapes out of the URL's path and
# leaves those in Path, so /caf%C3%A9 is sought below /café. Without Path the same page gets its cookie back. A second one: §5.3 step 5 lets
# a host that is itself a public suffix set a cookie with its own name as Domain, for itself alone; the jar refuses it.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund tough-cookie@6.1.0 >/dev/null 2>&1
cat > paths.mjs <<'JS'
import { CookieJar } from 'tough-cookie';
const after = (line, url) => {
  const jar = new CookieJar();
  const kept = jar.setCookieSync(line, url, { ignoreError: true });
  return `${kept ? 'kept' : 'refused'}, sent back: ${jar.getCookieStringSync(url) || 'nothing'}`;
};
console.log(`Path=/menu at /menu/1: ${after('a=1; Path=/menu', 'https://www.example.com/menu/1')}
Path=/caf%C3%A9 at /caf%C3%A9/1: ${after('a=1; Path=/caf%C3%A9', 'https://www.example.com/caf%C3%A9/1')}
no Path at /caf%C3%A9/1: ${after('a=1', 'https://www.example.com/caf%C3%A9/1')}
Domain=github.io at github.io: ${after('a=1; Domain=github.io', 'https://github.io/')}`);
JS
seen=$(node paths.mjs)
expected='Path=/menu at /menu/1: kept, sent back: a=1
Path=/caf%C3%A9 at /caf%C3%A9/1: kept, sent back: nothing
no Path at /caf%C3%A9/1: kept, sent back: a=1
Domain=github.io at github.io: refused, sent back: nothing'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was:"; echo "$expected"; exit 1; }
