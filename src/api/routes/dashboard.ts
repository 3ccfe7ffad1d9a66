// Serves the dashboard's files, the two files of uPlot from its package, and the page of docs/ that it names.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { ApiServer } from '../context.ts';

const folder = fileURLToPath(new URL('../dashboard/', import.meta.url));

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

const require = createRequire(import.meta.url);
const libraries = [
  { path: '/assets/uplot.js', file: 'uplot/dist/uPlot.esm.js', type: 'text/javascript; charset=utf-8' },
  { path: '/assets/uplot.css', file: 'uplot/dist/uPlot.min.css', type: 'text/css; charset=utf-8' },
];

/**
 * The page of docs/ to which the dashboard links, as text. In a checkout docs/ is three levels up, in dist/
 * four, and in the bundle of a checkout five.
 */
function guides(): typeof libraries {
  const found = ['../../../docs/', '../../../../docs/', '../../../../../docs/']
    .map((docs) => fileURLToPath(new URL(`${docs}HANDLERS.md`, import.meta.url)))
    .filter((file) => existsSync(file));
  return found
    .slice(0, 1)
    .map((file) => ({ path: '/docs/HANDLERS.md', file, type: 'text/plain; charset=utf-8' }));
}

/**
 * All files are served without a token: they contain no data, and the page must load before it can ask for a
 * token.
 */
export async function addDashboard(server: ApiServer): Promise<void> {
  const config = { open: true };
  await server.register(async (scope) => {
    scope.addHook('onRoute', (route) => {
      route.config = { ...route.config, ...config };
    });
    await scope.register(fastifyStatic, {
      root: folder,
      prefix: '/assets/',
      index: false,
      dotfiles: 'deny',
      cacheControl: false,
      setHeaders: (reply) => {
        reply.header('cache-control', 'no-cache');
      },
      wildcard: false,
      decorateReply: true,
      schemaHide: true,
    });
    scope.get('/', { schema: { hide: true } }, async (_request, reply) =>
      reply
        .header('content-security-policy', policy)
        .header('cache-control', 'no-cache')
        .sendFile('index.html'),
    );
    scope.get('/favicon.ico', { schema: { hide: true } }, async (_request, reply) =>
      reply.sendFile('icon.svg'),
    );
  });
  const files = libraries.map((library) => ({ ...library, file: require.resolve(library.file) }));
  for (const { path, file, type } of [...files, ...guides()]) {
    const text = readFileSync(file, 'utf8');
    server.get(path, { config, schema: { hide: true } }, async (_request, reply) =>
      reply
        .type(type)
        .header('cache-control', 'no-cache')
        .serializer((body: string) => body)
        .send(text),
    );
  }
}
