#!/usr/bin/env bash
# Node's zlib decodes the first zstd frame of a body and drops the rest without an error.
#
# Node 24.21.0. RFC 8878 §3 lets a compressed body be several frames, and says that skippable frames are passed over. gunzipSync
# joins several gzip members; zstdDecompressSync and the stream answer the first frame alone, and '' where the first is skippable.
# Whoever reads `Content-Encoding: zstd` with them stores half a page as a whole one.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund node@24.21.0 >/dev/null 2>&1
cat > frames.mjs <<'JS'
import zlib from 'node:zlib';
const frames = ['first ', 'second'].map((text) => zlib.zstdCompressSync(text));
const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);
const decode = (...parts) => zlib.zstdDecompressSync(Buffer.concat(parts)).toString();
const streamed = await new Response(new Blob(await zlib.createZstdDecompress().end(Buffer.concat(frames)).toArray())).text();
const members = ['first ', 'second'].map((text) => zlib.gzipSync(text));
console.log(`${process.version} two frames: '${decode(...frames)}', streamed: '${streamed}', a skippable one first: '${decode(skippable, frames[0])}', two gzip members: '${zlib.gunzipSync(Buffer.concat(members))}'`);
JS
seen=$(node_modules/.bin/node frames.mjs)
expected="v24.21.0 two frames: 'first ', streamed: 'first ', a skippable one first: '', two gzip members: 'first second'"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was: $expected"; exit 1; }
