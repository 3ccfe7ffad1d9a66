// What an error of Redis means: the one table that makes an error with a code of what Redis, TLS or the
// network says. Passwords never get into messages or causes: only the message of an error is copied.
import { DroverError, type ErrorCode } from '../errors.ts';

/** For an error that needs words of its own; otherwise what Redis said is told. */
type Detail = (said: string) => string;

interface Meaning {
  readonly says: RegExp;
  readonly code: ErrorCode;
  readonly detail?: Detail;
  /** Waiting does not help a first connection: the address, the login or the server is wrong. */
  readonly isFinal?: true;
}

const CERTIFICATE = 'Name the CA in the address: rediss://host:port?cacert=/path/to/ca.pem.';

/** The first row that matches counts. The text is the error's code and its message. */
const meanings: readonly Meaning[] = [
  { says: /\bOOM /, code: 'E_REDIS_MEMORY' },
  { says: /(^| |-)READONLY /, code: 'E_REDIS_READONLY' },
  {
    says: /NOAUTH|WRONGPASS|invalid password|without any password configured/i,
    code: 'E_REDIS_AUTH',
    isFinal: true,
  },
  { says: /NOPERM|ACL failure|user executing the script can't/i, code: 'E_REDIS_RIGHTS', detail: rightOf },
  { says: /^ERR (invalid )?DB|DB index/i, code: 'E_SETTING', isFinal: true },
  { says: /No space left on device|ENOSPC/i, code: 'E_DISK_FULL' },
  { says: /\b(MISCONF|NOREPLICAS) /, code: 'E_REDIS_REFUSES' },
  { says: /^MOVED |^CROSSSLOT /, code: 'E_REDIS_CLUSTER' },
  {
    says: /cluster support disabled/,
    code: 'E_REDIS_CLUSTER',
    detail: () => 'It is no node of a Cluster.',
    isFinal: true,
  },
  { says: /^No Sentinel knows a primary/, code: 'E_REDIS_SENTINEL', isFinal: true },
  {
    says: /^(CLUSTERDOWN|ASK|TRYAGAIN|UNBLOCKED) |access a non local key|^The Sentinels choose/,
    code: 'E_REDIS_FAILOVER',
  },
  { says: /No replica has confirmed/, code: 'E_REDIS_REPLICA' },
  { says: /^(LOADING|BUSY|MASTERDOWN) /, code: 'E_REDIS_BUSY' },
  { says: /scripting engine|unknown command.{0,3}'?`?eval/i, code: 'E_REDIS_LUA' },
  { says: /^ERR unknown (sub)?command/i, code: 'E_REDIS_COMMAND' },
  {
    says: /NOPROTO|Unknown RESP type 2[01] /,
    code: 'E_REDIS_PROTOCOL',
    detail: () => 'It speaks TLS: use rediss://.',
    isFinal: true,
  },
  {
    says: /Unknown RESP type 72 /,
    code: 'E_REDIS_PROTOCOL',
    detail: () => 'It looks like a web server.',
    isFinal: true,
  },
  { says: /Unknown RESP type|Protocol error/, code: 'E_REDIS_PROTOCOL', isFinal: true },
  {
    says: /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNEXPECTED_MESSAGE|UNSUPPORTED_PROTOCOL/i,
    code: 'E_REDIS_TLS',
    detail: () => 'That port speaks no TLS: use redis://.',
    isFinal: true,
  },
  {
    says: /SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/,
    code: 'E_REDIS_TLS',
    detail: (said) => `Its certificate is from a CA that is not trusted here (${said}). ${CERTIFICATE}`,
    isFinal: true,
  },
  {
    says: /CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|ALERT_UNKNOWN_CA|ALERT_BAD_CERTIFICATE/i,
    code: 'E_REDIS_TLS',
    detail: (said) =>
      `It wants a client certificate that it trusts (${said}): rediss://host:port?cert=/path/to/cert.pem&key=/path/to/key.pem.`,
    isFinal: true,
  },
  { says: /^(CERT_|ERR_(SSL|TLS|OSSL)|EPROTO|DEPTH_ZERO)/, code: 'E_REDIS_TLS', isFinal: true },
  { says: /^(ENOTFOUND|EACCES)/, code: 'E_REDIS_DOWN', isFinal: true },
  { says: /^(ECONN|ENOENT|EAI_|ETIMEDOUT|EPIPE|EHOST|ENET|EADDRNOTAVAIL|ENOTSOCK)/, code: 'E_REDIS_DOWN' },
  {
    says: /max retries per request|Connection is closed|Command (timed out|aborted)|Socket timeout/,
    code: 'E_REDIS_DOWN',
  },
  {
    says: /Stream isn't writeable|max number of clients|Client network socket disconnected/,
    code: 'E_REDIS_DOWN',
  },
];

function meaningOf(error: Error): Meaning | undefined {
  const code = codeOf(error);
  const said = plainMessage(error);
  return meanings.find(({ says }) => says.test(said) || (code !== '' && says.test(code)));
}

/** Names what the user may not do, as Redis says it, and the command that gives the right. */
function rightOf(said: string): string {
  const command = /permissions to run the '([^']+)'/i.exec(said)?.[1];
  const user = /User (\S+) has no/.exec(said)?.[1] ?? 'USER';
  return command ? `${said}. ${grant(user, `+${command}`)}` : `${said}.`;
}

/** The words that give a user a right, such as `+zadd`, `~{drover:0}:*` or `&{drover:0}:*`. */
export function grant(user: string, right: string): string {
  return `To give it: ACL SETUSER ${user} ${right}`;
}

/** Whether waiting does not help: the name, the login, the certificate or the database is wrong. */
export function isFinalRedisError(error: Error | undefined): boolean {
  return error !== undefined && meaningOf(error)?.isFinal === true;
}

/** Whether this user may not run the command, or there is no such command. */
export function isForbidden(error: Error): boolean {
  return /^(NOPERM|ERR unknown command)/i.test(error.message);
}

/** Whether only a node of a Cluster answers so. */
export function isOfCluster(error: Error): boolean {
  return /^(MOVED|ASK|CLUSTERDOWN) /.test(error.message);
}

/**
 * Whether this server is not the primary of the keys (any more), and has carried out nothing of the command.
 * The primary has to be looked for. Redis 6.2 tells READONLY as what the script has met at its first write.
 */
export function isMovedAway(error: Error): boolean {
  return /^(READONLY|MOVED|CLUSTERDOWN|ASK|TRYAGAIN|UNBLOCKED) | -READONLY /.test(error.message);
}

export function isMissingDatabase(error: Error): boolean {
  return /DB index/i.test(error.message);
}

/** Whether the other side ended the connection, or never answered: so does TLS to whoever speaks none. */
export function isCutOff(error: Error): boolean {
  return /Connection is closed|ECONNRESET|EPIPE|no answer/.test(`${error.message} ${codeOf(error)}`);
}

/**
 * Whether Redis is there and refuses for as long as a state lasts that ends without drover: it loads its
 * data, a script of somebody else keeps it busy, or it is a replica that has lost its primary. Nothing of the
 * command was carried out.
 */
export function isPassingRefusal(error: Error): boolean {
  return meaningOf(error)?.code === 'E_REDIS_BUSY';
}

/**
 * The DroverError for an error of a Redis connection or command. Null for other errors, such as a mistake in
 * a script. Do not use it for errors of files or fetches, which have codes such as ENOENT too.
 */
export function redisFailure(error: unknown, where = 'Redis'): DroverError | null {
  if (error instanceof DroverError) return error;
  if (!(error instanceof Error)) return null;
  const meaning = meaningOf(error);
  if (!meaning) return null;
  const said = plainMessage(error);
  const cause = Object.assign(new Error(said), { code: codeOf(error) });
  return new DroverError(meaning.code, `${where}: ${meaning.detail?.(said) ?? `${said}.`}`, { cause });
}

function codeOf(error: Error): string {
  return String((error as NodeJS.ErrnoException).code ?? '');
}

/** The message on one line. Redis repeats the arguments of an unknown command; they are removed. */
export function plainMessage(error: Error): string {
  const inner = error instanceof AggregateError ? (error.errors[0] as Error | undefined) : undefined;
  const text = error.message || inner?.message || codeOf(error) || error.name;
  return text
    .replace(/,? with args beginning with.*/s, '')
    .replace(/\. Please report this\.$/, '')
    .replace(/\s+/g, ' ')
    .replace(/\.+$/, '')
    .trim();
}
