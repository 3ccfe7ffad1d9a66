// Serves a WACZ and ReplayWeb.page on loopback, with ranges, for a browser.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const bundle = fileURLToPath(new URL('../../../node_modules/replaywebpage/', import.meta.url));

/** `page(url)`: the address of a page that shows the archived URL. */
export async function serveReplay(wacz: string): Promise<{ page(url: string): string; close(): void }> {
  const script = { type: 'text/javascript', body: readFileSync(`${bundle}ui.js`) };
  const worker = { type: 'text/javascript', body: readFileSync(`${bundle}sw.js`) };
  const archive = { type: 'application/zip', body: readFileSync(wacz) };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://replay');
    const show = `<!doctype html><replay-web-page source="/site.wacz" replayBase="/replay/" embed="replayonly" url="${searchParams.get('url') ?? ''}" style="height:600px"></replay-web-page><script src="/ui.js"></script>`;
    const home = { type: 'text/html', body: Buffer.from(show) };
    const files: Record<string, typeof home> = {
      '/ui.js': script,
      '/replay/sw.js': worker,
      '/site.wacz': archive,
      '/': home,
    };
    const file = files[pathname];
    if (!file) return response.writeHead(404).end();
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const size = file.body.length;
    const headers = { 'content-type': file.type, 'accept-ranges': 'bytes' };
    if (from === undefined)
      return response.writeHead(200, { ...headers, 'content-length': size }).end(file.body);
    const end = to ? Math.min(Number(to), size - 1) : size - 1;
    const part = file.body.subarray(Number(from), end + 1);
    const range = { 'content-range': `bytes ${from}-${end}/${size}`, 'content-length': part.length };
    return response.writeHead(206, { ...headers, ...range }).end(part);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    page: (url) => `http://127.0.0.1:${port}/?url=${encodeURIComponent(url)}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
