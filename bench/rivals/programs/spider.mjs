// spider-rs, a crawler in Rust: follows the links of the site from its root. All is kept in memory; what it
// has of the pages is written as JSON lines at the end, by its own export.
// Usage: node spider.mjs URL OUTPUT
//
// The binding for Node has no setting for the number of fetches in flight.
import { pageTitle, Website } from '@spider-rs/spider-rs';

const [, , url, output] = process.argv;
const website = new Website(url).withRespectRobotsTxt(true).build();
await website.crawl((_error, page) => {
  website.pushData({ url: page.url, status: page.statusCode, title: pageTitle(page), body: page.content });
});
await website.exportJsonlData(output);
// The callback keeps the process alive.
process.exit();
