// Makes a checkout ready to run: installs the npm packages (one of them is Node 24) and a redis-server, and
// bundles the sources when they have changed. This is plain JavaScript without dependencies, so that any Node
// from 20 on can run it. npm runs it before crawl, test, bench and other scripts; it ends at once if nothing
// is missing. Arguments: --no-redis, --no-bundle, --redis-only, --browser, --postgres, --s3, --proxies
// and --nginx (also install a Chromium, a PostgreSQL, an S3 server, two proxies, nginx, for the tests).
import { prepareBrowser } from './setup/browser.mjs';
import { prepareBundleOrSources } from './setup/bundle.mjs';
import { prepareNginx } from './setup/nginx.mjs';
import { preparePackages } from './setup/packages.mjs';
import { preparePostgres } from './setup/postgres.mjs';
import { prepareProxies } from './setup/proxies.mjs';
import { prepareRadosgw } from './setup/radosgw.mjs';
import { prepareRedis } from './setup/redis.mjs';
import { Impossible } from './setup/run.mjs';

const wants = {
  packages: !process.argv.includes('--redis-only'),
  bundle: !process.argv.includes('--redis-only') && !process.argv.includes('--no-bundle'),
  browser: process.argv.includes('--browser'),
  postgres: process.argv.includes('--postgres'),
  s3: process.argv.includes('--s3'),
  proxies: process.argv.includes('--proxies'),
  nginx: process.argv.includes('--nginx'),
  redis: !process.argv.includes('--no-redis') && !process.env.REDIS_URL,
};

try {
  if (wants.packages) preparePackages();
  if (wants.bundle) prepareBundleOrSources();
  if (wants.redis) prepareRedis();
  if (wants.browser) prepareBrowser();
  if (wants.postgres) preparePostgres();
  if (wants.s3) prepareRadosgw();
  if (wants.proxies) prepareProxies();
  if (wants.nginx) prepareNginx();
} catch (error) {
  if (!(error instanceof Impossible)) throw error;
  console.error(`drover: ${error.message}`);
  process.exitCode = 1;
}
