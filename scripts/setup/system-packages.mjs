// What npm does not have: installed by the system's package manager, where there is one and the permission to use it.
import { failed, Impossible, onPath, run } from './run.mjs';

/** Ask nothing; and RUNLEVEL 1 keeps Debian's scripts from starting a service where there is no systemd. */
const quiet = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
const managers = [
  { name: 'apt-get', add: ['install', '-y', '-q'], update: ['update', '-q'] },
  { name: 'dnf', add: ['install', '-y', '-q'] },
  { name: 'apk', add: ['add', '--no-cache'] },
  { name: 'brew', add: ['install', '-q'], asUser: true },
];

/**
 * Installs the first of a manager's names that it has. `what` is named to the user, `wish` says what for, `otherwise` what to do where it cannot
 * be had. Throws Impossible.
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
    last = manage([...manager.add, name]);
    if (last.status !== 0 && manager.update) {
      manage(manager.update);
      last = manage([...manager.add, name]);
    }
    if (last.status === 0) return;
  }
  throw failed(`${wish}, and \`${byHand}\` failed`, last);
}

/** What to put before the command: nothing, sudo, or null if there is no permission to be had without a password. */
function privilege(manager) {
  if (manager.asUser || process.getuid?.() === 0) return [];
  const keep = Object.entries(quiet).map(([name, value]) => `${name}=${value}`);
  return run('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n', 'env', ...keep] : null;
}
