#!/usr/bin/env bash
# sitemapper leaves &#38; in the URLs of a sitemap, and the '#' in it then cuts off the rest of the query as a fragment.
#
# sitemapper 4.1.6, with fast-xml-parser. XML 1.0 §4.1 and §4.6: &#38; and &#x26; are the character &, as &amp; is, in every document; the
# sitemap protocol asks only that & be escaped. What comes out is a valid URL and is fetched without an error: https://a.example/?id=1&,
# which is one and the same page for all URLs that differ behind the first parameter.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund sitemapper@4.1.6 >/dev/null 2>&1
cat > references.mjs <<'JS'
import { createServer } from 'node:http';
import Sitemapper from 'sitemapper';
const escapes = { amp: '&amp;', decimal: '&#38;', hex: '&#x26;' };
const server = createServer(({ url }, response) => {
  const loc = `https://a.example/?id=1${escapes[url.slice(1)]}lang=de`;
  response.writeHead(200, { 'content-type': 'application/xml' });
  response.end(`<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>${loc}</loc></url></urlset>`);
}).listen(0, '127.0.0.1', async () => {
  for (const [name, escape] of Object.entries(escapes)) {
    const { sites } = await new Sitemapper({ timeout: 10_000 }).fetch(`http://127.0.0.1:${server.address().port}/${name}`);
    const { search, hash } = new URL(sites[0]);
    console.log(`${escape} is read as ${sites[0]}: query ${search}, fragment ${hash || 'none'}`);
  }
  process.exit();
});
JS
seen=$(node references.mjs)
expected='&amp; is read as https://a.example/?id=1&lang=de: query ?id=1&lang=de, fragment none
&#38; is read as https://a.example/?id=1&#38;lang=de: query ?id=1&, fragment #38;lang=de
&#x26; is read as https://a.example/?id=1&#x26;lang=de: query ?id=1&, fragment #x26;lang=de'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was:"; echo "$expected"; exit 1; }
