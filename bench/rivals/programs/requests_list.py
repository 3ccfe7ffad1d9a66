"""requests on threads: fetches the pages of a list, and writes one JSON line for each. Links are not followed.

Usage: python3 requests_list.py LIST CONCURRENCY OUTPUT

A session for each thread, as a session is not meant to be shared; each keeps its connection.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Lock, local

import requests

listed, concurrency, output = sys.argv[1], int(sys.argv[2]), sys.argv[3]
own = local()
lock = Lock()


def fetch(url):
    if not hasattr(own, "session"):
        own.session = requests.Session()
    answer = own.session.get(url, timeout=30)
    line = json.dumps({"url": url, "status": answer.status_code, "body": answer.text})
    with lock:
        file.write(line + "\n")


with open(listed) as lines, open(output, "w") as file, ThreadPoolExecutor(concurrency) as pool:
    for _ in pool.map(fetch, lines.read().split()):
        pass
