// The hosts file (hosts(5)), whose names need no name server. The file is read again when it has changed.
import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';

const lookAgainMs = 5000;

export interface HostsFile {
  /**
   * The addresses of a name (in lower case), in the order of the file. Empty if the file does not have the
   * name.
   */
  addressesOf(name: string): readonly string[];
}

/**
 * Opens a hosts file. A file that does not exist has no names. A look-up checks whether the file has changed,
 * at most every five seconds.
 */
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
    return ''; // like the system's own look-up, treat a file that cannot be read as one that does not exist
  }
}

/** Parses lines of "address name alias…". `#` begins a comment. */
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
