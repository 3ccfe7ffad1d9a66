// /v1/schedules: which crawls begin by the clock.
import { z } from 'zod';
import { listSchedules } from '../../schedules/schedules.ts';
import type { ApiContext, ApiServer } from '../context.ts';
import { answers, scheduleShape } from '../shapes.ts';

export function addScheduleRoutes(server: ApiServer, { fleet }: ApiContext): void {
  server.get(
    '/v1/schedules',
    {
      schema: {
        tags: ['crawls'],
        summary: 'Schedules, in the order in which they were added, with their next and last runs',
        response: answers(z.object({ schedules: z.array(scheduleShape) })),
      },
    },
    async () => ({ schedules: await listSchedules(fleet) }),
  );
}
