// Makes a fresh clone ready to run: the npm packages (Node 24 among them) and a redis-server. Plain JavaScript without
// dependencies, for whatever Node is there from 20 on; run by npm before crawl, test, bench and others, and over in an
// instant when there is nothing to do. Arguments: --no-redis, --redis-only, --browser (a Chromium too, for the tests).
import { prepareBrowser } from './setup/browser.mjs';
import { preparePackages } from './setup/packages.mjs';
import { prepareRedis } from './setup/redis.mjs';
import { Impossible } from './setup/run.mjs';

const wants = {
  packages: !process.argv.includes('--redis-only'),
  browser: process.argv.includes('--browser'),
  redis: !process.argv.includes('--no-redis') && !process.env.REDIS_URL,
};

try {
  if (wants.packages) preparePackages();
  if (wants.redis) prepareRedis();
  if (wants.browser) prepareBrowser();
} catch (error) {
  if (!(error instanceof Impossible)) throw error;
  console.error(`drover: ${error.message}`);
  process.exitCode = 1;
}
