#!/usr/bin/env bash
# Two readers of Parquet leave out a U+FEFF at the beginning of a text, though it is in the file.
#
# hyparquet 1.33.0 and @duckdb/node-api 1.5.6 decode texts with a TextDecoder, which by default takes the first U+FEFF for a byte order mark.
# A text of Parquet has none: its type says UTF-8. hyparquet-writer 0.17.0 writes the three bytes, and DuckDB itself sees them (hex, length).
# So a text that was written and read again is shorter by one character, and without an error.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund hyparquet@1.33.0 hyparquet-writer@0.17.0 @duckdb/node-api@1.5.6-r.1 >/dev/null 2>&1
cat > bom.mjs <<'JS'
import { DuckDBInstance } from '@duckdb/node-api';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { parquetWriteFile } from 'hyparquet-writer';
parquetWriteFile({ filename: 'a.parquet', columnData: [{ name: 't', data: ['\ufeffx'], type: 'STRING' }] });
const [row] = await parquetReadObjects({ file: await asyncBufferFromFile('a.parquet') });
const db = await (await DuckDBInstance.create(':memory:')).connect();
const [duck] = (await db.runAndReadAll("select t, length(t)::int n, hex(encode(t)) h from 'a.parquet'")).getRowObjects();
console.log(`hyparquet: ${row.t.length} character, DuckDB's client: ${duck.t.length}, DuckDB: ${duck.n} characters, ${duck.h}`);
JS
seen=$(node bom.mjs)
expected="hyparquet: 1 character, DuckDB's client: 1, DuckDB: 2 characters, EFBBBF78"
echo "$seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was: $expected"; exit 1; }
