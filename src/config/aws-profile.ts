// What the usual variables and files of AWS say: region, endpoint and credentials. The variables go first,
// then the profile in ~/.aws/credentials and ~/.aws/config.
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

export interface AwsProfile {
  region: string | null;
  /** The endpoint of S3, when it is not the one of AWS. */
  endpoint: string | null;
  keys: AwsKeys | null;
}

export interface AwsKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string | null;
}

/** Reads both files at each call, since credentials change. A file that cannot be read counts as empty. */
export function readAwsProfile(environment: Environment): AwsProfile {
  const name = environment.AWS_PROFILE || environment.AWS_DEFAULT_PROFILE || 'default';
  const home = join(environment.HOME ?? homedir(), '.aws');
  const kept = section(environment.AWS_SHARED_CREDENTIALS_FILE ?? join(home, 'credentials'), name);
  const isDefault = name === 'default';
  const more = section(
    environment.AWS_CONFIG_FILE ?? join(home, 'config'),
    isDefault ? name : `profile ${name}`,
  );
  return {
    region: environment.AWS_REGION || environment.AWS_DEFAULT_REGION || more.region || kept.region || null,
    endpoint:
      environment.AWS_ENDPOINT_URL_S3 ||
      environment.AWS_ENDPOINT_URL ||
      more.endpoint_url ||
      kept.endpoint_url ||
      null,
    keys:
      keysOf(
        environment.AWS_ACCESS_KEY_ID,
        environment.AWS_SECRET_ACCESS_KEY,
        environment.AWS_SESSION_TOKEN,
      ) ??
      keysOf(kept.aws_access_key_id, kept.aws_secret_access_key, kept.aws_session_token) ??
      keysOf(more.aws_access_key_id, more.aws_secret_access_key, more.aws_session_token),
  };
}

function keysOf(accessKeyId = '', secretAccessKey = '', sessionToken = ''): AwsKeys | null {
  if (!accessKeyId || !secretAccessKey) return null;
  return { accessKeyId, secretAccessKey, sessionToken: sessionToken || null };
}

function section(path: string, wanted: string): Record<string, string> {
  const values: Record<string, string> = {};
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return values;
  }
  let here = false;
  for (const line of text.split('\n')) {
    const head = /^\s*\[\s*(.*?)\s*\]/.exec(line)?.[1];
    if (head !== undefined) here = head === wanted;
    const [, key, value] = /^([a-z_]+)\s*=\s*(.*?)\s*$/i.exec(line) ?? [];
    if (here && key && value !== undefined) values[key.toLowerCase()] = value;
  }
  return values;
}
