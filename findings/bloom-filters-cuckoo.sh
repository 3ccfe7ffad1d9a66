#!/usr/bin/env bash
# The cuckoo filter of bloom-filters forgets a third of the keys that it was made for, though it says of each that it was added.
#
# bloom-filters 3.0.4. Its README: has() is false only for what is definitely not in the filter. create(1000, 0.01) makes one for 1,000 keys;
# add() answers true 1,000 times, and has() then denies 363 of them. Fan et al. 2014, §3.1, which the README names, finds each of a key's
# two buckets from the other by xor; here add() moves a key by the remainder of its hash and has() looks by the whole hash, in another
# bucket. A Bloom filter of the same package denies none. As a list of seen URLs, the cuckoo filter lets every third page be fetched again.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund bloom-filters@3.0.4 >/dev/null 2>&1
cat > seen.cjs <<'JS'
const { BloomFilter, CuckooFilter } = require('bloom-filters');
const urls = Array.from({ length: 1000 }, (_, index) => `https://a.example/page/${index}`);
const denied = (filter) => urls.filter((url) => !filter.has(url)).length;
const cuckoo = CuckooFilter.create(urls.length, 0.01);
const added = urls.filter((url) => cuckoo.add(url)).length;
const roomy = CuckooFilter.create(2 * urls.length, 0.01);
for (const url of urls) roomy.add(url);
const bloom = BloomFilter.create(urls.length, 0.01);
for (const url of urls) bloom.add(url);
console.log(`cuckoo filter: ${added} added, ${denied(cuckoo)} denied; with room for twice as many: ${denied(roomy)} denied; Bloom filter: ${denied(bloom)} denied`);
JS
seen=$(node seen.cjs)
expected='cuckoo filter: 1000 added, 363 denied; with room for twice as many: 2 denied; Bloom filter: 0 denied'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "that has changed; it was: $expected"; exit 1; }
