"""httpx on asyncio: fetches the pages of a list, and writes one JSON line for each. Links are not followed.

Usage: python3 httpx_list.py LIST CONCURRENCY OUTPUT

One client with its pool for all fetches, as httpx's docs advise; as many tasks as fetches in flight.
"""

import asyncio
import json
import sys

import httpx

listed, concurrency, output = sys.argv[1], int(sys.argv[2]), sys.argv[3]


async def main():
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    with open(listed) as lines, open(output, "w") as file:
        urls = iter(lines.read().split())
        async with httpx.AsyncClient(limits=limits, timeout=30) as client:

            async def work():
                for url in urls:
                    answer = await client.get(url)
                    line = {"url": url, "status": answer.status_code, "body": answer.text}
                    file.write(json.dumps(line) + "\n")

            await asyncio.gather(*(work() for _ in range(concurrency)))


asyncio.run(main())
