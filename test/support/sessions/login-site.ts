// A site behind a login: a form with a hidden token, a cookie for its session, pages that lead back to the
// form without it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

export const USER = 'ann@shop.test';
export const PASSWORD = 'hush & hush = 5%';

export interface LoginSite {
  url: string;
  /** Logins that were asked for, and those that were let in. */
  logins: { asked: number; done: number };
  /** Pages served to who was logged in, by path. */
  served: Map<string, number>;
  /** Pages that led to the login. */
  refused: number;
  /** While this is set, the form is answered when it resolves. */
  held: Promise<void> | null;
}

export async function startLoginSite(
  t: TestContext,
  { pages, expireAfter = Number.POSITIVE_INFINITY }: { pages: number; expireAfter?: number },
): Promise<LoginSite> {
  const sessions = new Set<string>();
  let given = 0;
  const site: LoginSite = {
    ...{ url: '', logins: { asked: 0, done: 0 }, served: new Map(), refused: 0, held: null },
  };
  const links = Array.from({ length: pages }, (_, i) => `<a href="/p/${i}">${i}</a>`).join('');
  const html = { 'content-type': 'text/html' };
  const form = (token: string) =>
    `<title>Login</title><form action="/enter" method="post"><input type=hidden name=token value="${token}">
     <input name=user><input type=password name=password><input type=submit name=go value=Go></form>`;
  const server = createServer(async (request, response) => {
    const { url: path = '', headers } = request;
    const cookies = new Map(
      (headers.cookie ?? '').split('; ').map((pair) => pair.split('=') as [string, string]),
    );
    if (path === '/robots.txt') response.writeHead(404).end();
    else if (path === '/login')
      response.writeHead(200, { ...html, 'set-cookie': 'form=f1; Path=/' }).end(form('t1'));
    else if (path === '/enter') {
      site.logins.asked++;
      const sent = new URLSearchParams(await text(request));
      await site.held;
      const isRight = sent.get('user') === USER && sent.get('password') === PASSWORD;
      if (!isRight || sent.get('token') !== 't1' || sent.has('go') || cookies.get('form') !== 'f1') {
        response.writeHead(200, html).end(form('t1'));
        return;
      }
      site.logins.done++;
      const id = `s${++given}`;
      sessions.add(id);
      response.writeHead(303, { location: '/', 'set-cookie': `sid=${id}; Path=/; HttpOnly` }).end();
    } else if (sessions.has(cookies.get('sid') ?? '')) {
      const count = [...site.served.values()].reduce((sum, each) => sum + each, 0);
      if (count === expireAfter) {
        expireAfter = Number.POSITIVE_INFINITY;
        sessions.clear();
      }
      site.served.set(path, (site.served.get(path) ?? 0) + 1);
      response.writeHead(200, html).end(`<title>in ${path}</title>${path === '/' ? links : ''}`);
    } else {
      site.refused++;
      response.writeHead(302, { location: '/login' }).end();
    }
  }).listen(0, '127.0.0.1');
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  await new Promise((listening) => server.once('listening', listening));
  site.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return site;
}
