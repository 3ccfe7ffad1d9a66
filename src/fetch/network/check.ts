// Checks the settings of the network before anything is fetched, and says what the user should know of them.
import { createServer, isIP } from 'node:net';
import { DroverError } from '../../errors.ts';
import { Network } from './network.ts';
import type { NetworkSettings } from './settings.ts';

/** The warnings, each a sentence. Throws E_FILE and E_SETTING. */
export async function checkNetwork(settings: NetworkSettings): Promise<string[]> {
  new Network(settings);
  const { interface: from, insecure } = settings;
  if (from !== null && isIP(from) !== 0) await bindTo(from);
  return insecure.length === 0
    ? []
    : [
        `--insecure: the certificates of ${insecure.join(', ')} are not verified; whoever is between can read and change what comes from there`,
      ];
}

/** Not every address that the machine has is one of its interfaces': a whole range may be routed to it. */
function bindTo(address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', ({ code }: NodeJS.ErrnoException) => {
      const why = code === 'EADDRNOTAVAIL' ? 'this machine has no such address' : code;
      reject(new DroverError('E_SETTING', `--interface ${address}: ${why}.`));
    });
    server.listen({ host: address, port: 0, exclusive: true }, () => server.close(() => resolve()));
  });
}
