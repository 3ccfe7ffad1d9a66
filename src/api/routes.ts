// Registers all routes; each file in routes/ holds one group.
import type { ApiContext, ApiServer } from './context.ts';
import { createHub } from './hub.ts';
import { addChangeRoutes } from './routes/changes.ts';
import { addCrawlRoutes } from './routes/crawls.ts';
import { addDashboard } from './routes/dashboard.ts';
import { addDeadRoutes } from './routes/dead.ts';
import { addEventRoutes } from './routes/events.ts';
import { addExplainRoutes } from './routes/explain.ts';
import { addHealthRoutes } from './routes/health.ts';
import { addHostRoutes } from './routes/hosts.ts';
import { addIdentityRoutes } from './routes/identity.ts';
import { addProxyRoutes } from './routes/proxies.ts';
import { addRawQueues } from './routes/raw-queue.ts';
import { addItemRoutes, addRecordRoutes } from './routes/records.ts';
import { addReplayRoutes } from './routes/replays.ts';
import { addReportRoutes } from './routes/report.ts';
import { addRequestRoutes } from './routes/requests.ts';
import { addScheduleRoutes } from './routes/schedules.ts';
import { addSessionRoutes } from './routes/session.ts';

export async function addRoutes(server: ApiServer, context: ApiContext): Promise<void> {
  addHealthRoutes(server, context);
  await addIdentityRoutes(server, context);
  addSessionRoutes(server, context);
  addRequestRoutes(server, context);
  addExplainRoutes(server, context);
  addCrawlRoutes(server, context);
  addScheduleRoutes(server, context);
  addRecordRoutes(server, context);
  addItemRoutes(server, context);
  addReportRoutes(server, context);
  addChangeRoutes(server, context);
  addReplayRoutes(server, context);
  addDeadRoutes(server, context);
  addHostRoutes(server, context);
  addProxyRoutes(server, context);
  const hub = createHub(context);
  addEventRoutes(server, context, hub);
  server.addHook('onClose', async () => hub.stop());
  await addDashboard(server);
  await addRawQueues(server as never, context);
}
