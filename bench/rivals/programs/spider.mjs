// spider-rs, a crawler in Rust: follows the links of the site from its root, and writes a line with the URL
// of each page at the end. It throws the pages away.
// Usage: node spider.mjs URL OUTPUT
//
// It has two ways to give pages to a program, and both lose some where the processor is busy: its callback
// got 5,226 of 10,001, and scrape() fetched 580 to 9,436 of them. The binding for Node has no setting for the
// fetches in flight.
import { writeFileSync } from 'node:fs';
import { Website } from '@spider-rs/spider-rs';

const [, , url, output] = process.argv;
const website = new Website(url).withRespectRobotsTxt(true).build();
await website.crawl();
const lines = website.getLinks().map((link) => `${JSON.stringify({ url: link })}\n`);
writeFileSync(output, lines.join(''));
