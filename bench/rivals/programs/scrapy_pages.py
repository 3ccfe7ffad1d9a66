"""Scrapy: follows the links of the site from its root, and writes one JSON line for each page.

Usage: python3 scrapy_pages.py URL CONCURRENCY OUTPUT [JOBDIR]

The settings are those that Scrapy's docs advise for speed ("Broad crawls": log level, cookies, retries), with
the concurrency of this benchmark. robots.txt is obeyed, as all crawlers here do that can.
"""

import sys

from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess
from scrapy.exporters import JsonLinesItemExporter
from scrapy.linkextractors import LinkExtractor

url, concurrency, output = sys.argv[1:4]
jobdir = sys.argv[4] if len(sys.argv) > 4 else None


class WriteLines:
    def open_spider(self, spider):
        self.file = open(output, "wb")
        self.exporter = JsonLinesItemExporter(self.file, encoding="utf-8")
        self.exporter.start_exporting()

    def process_item(self, item, spider):
        self.exporter.export_item(item)
        return item

    def close_spider(self, spider):
        self.exporter.finish_exporting()
        self.file.close()


class Pages(Spider):
    name = "pages"
    links = LinkExtractor()

    def start_requests(self):
        yield Request(url)

    def parse(self, response):
        links = [link.url for link in self.links.extract_links(response)]
        yield {
            "url": response.url,
            "status": response.status,
            "title": response.css("title::text").get(),
            "links": links,
            "body": response.text,
        }
        for link in links:
            yield Request(link)


process = CrawlerProcess(
    {
        "CONCURRENT_REQUESTS": int(concurrency),
        "CONCURRENT_REQUESTS_PER_DOMAIN": int(concurrency),
        "DOWNLOAD_DELAY": 0,
        "AUTOTHROTTLE_ENABLED": False,
        "HTTPCACHE_ENABLED": False,
        "ROBOTSTXT_OBEY": True,
        "COOKIES_ENABLED": False,
        "RETRY_ENABLED": False,
        "LOG_LEVEL": "ERROR",
        "TELNETCONSOLE_ENABLED": False,
        "REQUEST_FINGERPRINTER_IMPLEMENTATION": "2.7",
        "ITEM_PIPELINES": {WriteLines: 300},
        "JOBDIR": jobdir,
    }
)
process.crawl(Pages)
process.start()
