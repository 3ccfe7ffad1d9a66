#!/usr/bin/env bash
# warcio for JavaScript reads an answer without header fields as empty, and takes the trailer of a chunked body for a part of the page.
#
# warcio 2.4.11. RFC 9112 §2.1: there may be no field line at all, and the empty line follows the status line. §7.1.2: fields
# behind the last chunk are a trailer and belong to no content. §7: the names of transfer codings have no case, so "Chunked" is
# undone as well. WARC/1.1 §6.3 keeps answers as they came from the server. ReplayWeb.page reads archives with this package.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund warcio@2.4.11 >/dev/null 2>&1
cat > bodies.mjs <<'JS'
import { WARCParser } from 'warcio';
const textIn = async (...lines) => {
  const answer = lines.join('\r\n');
  const head = [
    'WARC/1.1',
    'WARC-Type: response',
    'WARC-Record-ID: <urn:uuid:12345678-1234-4234-8234-123456789012>',
    'WARC-Date: 2026-01-01T00:00:00Z',
    'WARC-Target-URI: https://a.example/',
    'Content-Type: application/http;msgtype=response',
    `Content-Length: ${answer.length}`,
  ];
  const bytes = new TextEncoder().encode(`${head.join('\r\n')}\r\n\r\n${answer}\r\n\r\n`);
  for await (const record of new WARCParser([bytes])) return JSON.stringify(await record.contentText());
};
console.log(`one field: ${await textIn('HTTP/1.1 200 OK', 'Server: x', '', 'hello')}
no field: ${await textIn('HTTP/1.1 200 OK', '', 'hello')}
chunked: ${await textIn('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', '', '5', 'hello', '0', '', '')}
with a trailer: ${await textIn('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', '', '5', 'hello', '0', 'Server-Timing: t', '', '')}
Chunked: ${await textIn('HTTP/1.1 200 OK', 'Transfer-Encoding: Chunked', '', '5', 'hello', '0', '', '')}`);
JS
seen=$(node bodies.mjs)
expected='one field: "hello"
no field: ""
chunked: "hello"
with a trailer: "helloServer-Timing: t\r\n\r\n"
Chunked: "5\r\nhello\r\n0\r\n\r\n"'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was:"; echo "$expected"; exit 1; }
