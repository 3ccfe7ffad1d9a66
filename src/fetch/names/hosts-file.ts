// The hosts file (hosts(5)): names that need no name server. Read again when it has changed.
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';

const lookAgainMs = 5000;

export interface HostsFile {
  /** Addresses of a name in lower case, in the order of the file; none if it is not there. */
  addressesOf(name: string): readonly string[];
}

/** A file that does not exist has no names. It is looked at when asked, at most every five seconds. */
export function openHostsFile(path: string): HostsFile {
  let names: ReadonlyMap<string, readonly string[]> = new Map();
  let lookAt = 0;
  let version = '';
  return {
    addressesOf(name) {
      const now = performance.now();
      if (now >= lookAt) {
        lookAt = now + lookAgainMs;
        const found = versionOf(path);
        if (found !== version) {
          version = found;
          names = found === '' ? new Map() : parseHosts(read(path));
        }
      }
      return names.get(name) ?? [];
    },
  };
}

function versionOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats ? `${stats.ino}:${stats.mtimeMs}:${stats.size}` : '';
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // not readable: as if it were not there, like the system's own look-up
  }
}

/** Lines of "address name alias…", `#` begins a comment. */
export function parseHosts(text: string): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...aliases] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const alias of aliases) {
      const name = alias.toLowerCase();
      const addresses = names.get(name);
      if (!addresses) names.set(name, [address]);
      else if (!addresses.includes(address)) addresses.push(address);
    }
  }
  return names;
}
