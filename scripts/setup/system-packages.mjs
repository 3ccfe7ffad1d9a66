// Installs programs that npm does not have, with the system's package manager. This needs the permission to
// use it.
import { failed, Impossible, onPath, run } from './run.mjs';

/**
 * Environment: ask no questions. RUNLEVEL 1 keeps Debian's scripts from starting a service if there is no
 * systemd.
 */
const quiet = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
const managers = [
  { name: 'apt-get', add: ['install', '-y', '-q'], update: ['update', '-q'] },
  { name: 'dnf', add: ['install', '-y', '-q'] },
  { name: 'apk', add: ['add', '--no-cache'] },
  { name: 'brew', add: ['install', '-q'], asUser: true },
];

/**
 * Installs a program. `names` are its package names for each package manager; the first one that the manager
 * has is installed. A name may be several words: packages that belong together, and options. The messages
 * name it as `what`; `wish` says why it is needed, and `otherwise` what the user can do instead. Throws
 * Impossible.
 */
export function installOne({ what, wish, otherwise, names }) {
  const manager = managers.find(({ name }) => names[name] && onPath(name));
  if (!manager) throw new Impossible(`${wish}; install it, or ${otherwise}`);
  const packages = names[manager.name];
  const byHand = `${manager.asUser ? '' : 'sudo '}${manager.name} ${manager.add[0]} ${packages[0]}`;
  const prefix = privilege(manager);
  if (!prefix) throw new Impossible(`${wish}: run \`${byHand}\`, or ${otherwise}`);

  console.error(`drover: installing ${what} with ${manager.name} (once)…`);
  const manage = (args) => {
    const [program, ...rest] = [...prefix, manager.name, ...args];
    return run(program, rest, { env: { ...process.env, ...quiet } });
  };
  let last;
  for (const name of packages) {
    const add = [...manager.add, ...name.split(' ')];
    last = manage(add);
    if (last.status !== 0 && manager.update) {
      manage(manager.update);
      last = manage(add);
    }
    if (last.status === 0) return;
  }
  throw failed(`${wish}, and \`${byHand}\` failed`, last);
}

/** What to put before the command: nothing or sudo. Null if sudo would ask for a password. */
function privilege(manager) {
  if (manager.asUser || process.getuid?.() === 0) return [];
  const keep = Object.entries(quiet).map(([name, value]) => `${name}=${value}`);
  return run('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n', 'env', ...keep] : null;
}
