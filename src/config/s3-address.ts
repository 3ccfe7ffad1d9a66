// The address of a store in a bucket: s3://bucket/prefix?endpoint=URL&region=NAME.

export interface S3Address {
  kind: 's3';
  bucket: string;
  /** Without slashes at its ends; may be empty. */
  prefix: string;
  /** The URL of the server without a slash at its end. */
  endpoint: string;
  region: string;
}

/** Whether the text is the address of a bucket, right or wrong. */
export const isS3 = (text: string) => /^s3:\/\//i.test(text);

const DEFAULT_REGION = 'us-east-1';

/** Whether the server is that of AWS, where the bucket is a part of the host's name. */
export const isAws = (endpoint: string) => /\.amazonaws\.com(\.cn)?$/i.test(new URL(endpoint).hostname);

/** Throws an Error whose message says what is wrong, without the address. */
export function readS3Address(text: string): S3Address {
  if (/^s3:\/\/[^/?]*@/i.test(text))
    throw new Error(
      'credentials do not belong into the address: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    );
  const parts = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([^?#]*))?(?:\?([^#]*))?$/i.exec(text);
  if (!parts) throw new Error('expected s3://bucket/prefix; in the prefix write ? as %3F and # as %23');
  const [, bucket = '', path = '', query = ''] = parts;
  const options = new URLSearchParams(query);
  for (const name of options.keys())
    if (name !== 'endpoint' && name !== 'region')
      throw new Error('there is no option of that name; known: endpoint, region');
  const region = options.get('region') || DEFAULT_REGION;
  if (!/^[a-z0-9-]{1,64}$/i.test(region)) throw new Error('region: expected a name such as eu-west-1');
  const prefix = decodedPath(path).replace(/^\/+|\/+$/g, '');
  if (prefix.split('/').some((part) => part === '.' || part === '..'))
    throw new Error('no . or .. in the prefix');
  if (Buffer.byteLength(prefix) > 500) throw new Error('the prefix is too long');
  const endpoint = endpointOf(options.get('endpoint') || `https://s3.${region}.amazonaws.com`);
  return { kind: 's3', bucket, prefix, endpoint, region };
}

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new Error('write % in the prefix as %25');
  }
}

function endpointOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash)
    throw new Error('endpoint: expected http://host:port or https://host:port');
  return url.href.replace(/\/+$/, '');
}

/** Always in the same form, with endpoint and region, so that nothing else decides where it is. */
export function plainS3({ bucket, prefix, endpoint, region }: S3Address): string {
  const path = prefix.split('/').map(encodeURIComponent).join('/');
  return `s3://${bucket}${path && `/${path}`}?endpoint=${endpoint.replace(/[&+%#]/g, encodeURIComponent)}&region=${region}`;
}

/** Adds what the address leaves open and the user has set for AWS. Other addresses stay as they are. */
export function completeS3(
  text: string,
  aws: () => { region: string | null; endpoint: string | null },
): string {
  if (!isS3(text)) return text;
  const { region, endpoint } = aws();
  const [path = '', query = ''] = text.split('?', 2);
  const options = new URLSearchParams(query);
  if (!options.has('endpoint') && endpoint) options.set('endpoint', endpoint);
  if (!options.has('region') && region) options.set('region', region);
  return options.size === 0 ? text : `${path}?${options}`;
}
