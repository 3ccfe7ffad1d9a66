// Receives drover's webhooks and accepts only signed ones. Give consumers the same DROVER_WEBHOOK_SECRET, and
// a crawl the option --webhook http://127.0.0.1:8080/. In a checkout: DROVER_WEBHOOK_SECRET=… node
// --conditions=drover-source examples/webhook-receiver.ts 8080
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { verifyWebhook, type WebhookEvent } from 'drover';

const secret = process.env.DROVER_WEBHOOK_SECRET ?? '';
const server = createServer(async (request, response) => {
  const body = await text(request);
  if (!verifyWebhook({ secret, headers: request.headers, body })) return response.writeHead(401).end();
  response.writeHead(204).end(); // answer soon: drover waits a few seconds and then sends the event again
  const { type, crawl } = JSON.parse(body) as WebhookEvent;
  console.log(`${type}: ${crawl.crawl} has ${crawl.recorded} recorded, ${crawl.dead} dead`);
});
server.listen(Number(process.argv[2] ?? 8080), '127.0.0.1', () => console.log('ready'));
