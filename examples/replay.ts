// Replays the largest group of dead letters: a few first, the rest if those are recorded. Needs `drover
// serve` and a consumer. In a checkout: node --conditions=drover-source examples/replay.ts
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'drover';

const { DROVER_URL: url, DROVER_API_TOKEN: token } = process.env;
const client = createClient({ url, token });

const [group] = await client.dead.summary();
if (group) {
  const { code, host, count, advice } = group;
  console.log(`${count} × ${code} at ${host}: ${advice}`);
  const { runs } = await client.dead.replay({ filter: { code, host }, canary: 5, rate: 0.8 });
  for (let run of runs) {
    while (run.phase === 'canary' || run.phase === 'rest') {
      await sleep(500);
      run = await client.replays.get(run.id);
    }
    console.log(
      `replay ${run.id} is ${run.phase}: ${run.recorded} of ${run.total} recorded, ${run.dead} dead again`,
    );
  }
} else console.log('There are no dead letters.');
