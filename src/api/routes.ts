// All routes, each file of them under its own name.
import type { ApiContext, ApiServer } from './context.ts';
import { addCrawlRoutes } from './crawl-routes.ts';
import { addDashboard } from './dashboard-routes.ts';
import { addDeadRoutes } from './dead-routes.ts';
import { addEventRoutes } from './event-routes.ts';
import { addExplainRoutes } from './explain-routes.ts';
import { addHealthRoutes } from './health-routes.ts';
import { addHostRoutes } from './host-routes.ts';
import { createHub } from './hub.ts';
import { addRawQueues } from './raw-queue-routes.ts';
import { addRecordRoutes } from './record-routes.ts';
import { addReplayRoutes } from './replay-routes.ts';
import { addRequestRoutes } from './request-routes.ts';
import { addSessionRoutes } from './session-routes.ts';

export async function addRoutes(server: ApiServer, context: ApiContext): Promise<void> {
  addHealthRoutes(server, context);
  addSessionRoutes(server, context);
  addRequestRoutes(server, context);
  addExplainRoutes(server, context);
  addCrawlRoutes(server, context);
  addRecordRoutes(server, context);
  addReplayRoutes(server, context);
  addDeadRoutes(server, context);
  addHostRoutes(server, context);
  const hub = createHub(context);
  addEventRoutes(server, context, hub);
  server.addHook('onClose', async () => hub.stop());
  await addDashboard(server);
  await addRawQueues(server as never, context);
}
