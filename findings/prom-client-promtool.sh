#!/usr/bin/env bash
# The default metrics of prom-client do not pass `promtool check metrics`: three gauges are named like counters.
#
# prom-client 15.1.3, promtool 2.42.0 (Debian 12). A check of /metrics in CI, as Prometheus' documentation suggests it, fails with
# exit 3 on an exporter that does nothing but collectDefaultMetrics().
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; cd "$dir"; chmod 755 "$dir"
npm init -y >/dev/null && npm install --silent --no-audit --no-fund prom-client@15.1.3 >/dev/null 2>&1
apt-get update -qq && apt-get download -qq prometheus >/dev/null 2>&1 && dpkg -x prometheus_*.deb debian
cat > metrics.cjs <<'JS'
const client = require('prom-client');
client.collectDefaultMetrics();
client.register.metrics().then((text) => process.stdout.write(text, () => process.exit(0)));
JS
code=0; seen=$(node metrics.cjs | debian/usr/bin/promtool check metrics 2>&1) || code=$?
expected='nodejs_active_handles_total non-counter metrics should not have "_total" suffix
nodejs_active_requests_total non-counter metrics should not have "_total" suffix
nodejs_active_resources_total non-counter metrics should not have "_total" suffix'
echo "exit $code"; echo "$seen"
[ "$code" = 3 ] && [ "$seen" = "$expected" ] || { echo "that has changed; it was exit 3 and: $expected"; exit 1; }
