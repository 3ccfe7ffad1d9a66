// What drover writes for nginx is served by a real one as servers want it: with its type, its signature and
// its card.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import https from 'node:https';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findNginx } from '../../bench/rivals/nginx.ts';
import { DIRECTORY_PATH, DIRECTORY_TYPE } from '../../src/identity/directory.ts';
import { openCommandRunner } from '../support/crawls.ts';
import { authorityFile } from '../support/identity/site.ts';
import { freePort } from '../support/redis.ts';
import { until } from '../support/signals.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const nginx = await findNginx();
const certificate = fileURLToPath(new URL('../support/site/certificates/good.pem', import.meta.url));

async function startNginxWith(t: TestContext, port: number, site: string): Promise<ChildProcess> {
  const folder = await temporaryDirectory('nginx');
  await chmod(folder, 0o755); // its worker is no root
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const text = `daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 64; }
http {
  access_log off;
  types { text/html html; }
  ${paths.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${certificate}; ssl_certificate_key ${certificate};
    root ${site};
    include ${site}/nginx.conf;
  }
}`;
  await writeFile(`${folder}/nginx.conf`, text);
  const child = spawn(
    nginx ?? '',
    ['-p', folder, '-c', `${folder}/nginx.conf`, '-e', `${folder}/error.log`],
    {
      stdio: 'inherit',
    },
  );
  t.after(async () => {
    if (child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  });
  return child;
}

async function get(url: string) {
  const [response] = await once(https.get(url, { rejectUnauthorized: false }), 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode as number, headers: response.headers, body };
}

test('nginx serves the directory and the card with their types and the signature, and check accepts them', {
  skip: nginx === null && 'there is no nginx: npm run setup -- --proxies',
}, async (t) => {
  const runner = await openCommandRunner({ NODE_EXTRA_CA_CERTS: authorityFile });
  const port = await freePort();
  const origin = `https://127.0.0.1:${port}`;
  assert.equal((await runner.run(['identity', 'init', origin])).code, 0);
  const site = runner.path('site');
  assert.equal((await runner.run(['identity', 'show', '-o', site])).code, 0);
  await chmod(runner.dir, 0o755);
  await startNginxWith(t, port, site);
  const isUp = () =>
    get(origin).then(
      () => true,
      () => false,
    );
  await until(isUp, { what: 'nginx' });
  for (const path of [DIRECTORY_PATH, '/']) {
    const { status, headers, body } = await get(origin + path);
    assert.equal(status, 200, path);
    assert.equal(headers['content-type'], DIRECTORY_TYPE);
    assert.match(String(headers['signature-input']), /^sig1=.*created=\d+/);
    assert.match(String(headers.signature), /^sig1=:/);
    assert.equal(JSON.parse(body).keys.length, 1);
  }
  const card = await get(`${origin}/.well-known/signature-agent-card`);
  assert.deepEqual([card.status, card.headers['content-type']], [200, 'application/json']);
  assert.equal((await get(`${origin}/other`)).status, 404);
  const { code, stdout, stderr } = await runner.run(['identity', 'check']);
  assert.equal(code, 0, stdout + stderr);
  assert.ok(!/WARN|FAIL/.test(stdout), stdout);
});
