// The options of drover identity …, except settings.
import {
  inGroup,
  likeSetting,
  type OptionsOf,
  text,
  texts,
  toggle,
  value,
} from '../command/typed-options.ts';
import { asJson, overwrite } from '../options.ts';

const { identity } = inGroup('often', {
  identity: likeSetting(
    'identity',
    '--identity <file>',
    'the file of the identity (default: identity.json in the data directory)',
  ),
});

export const initOptions = {
  ...inGroup('often', {
    identity,
    name: text('--name <text>', 'what the crawler is called (default: the host of the URL)'),
    about: likeSetting('webhook', '--about <url>', 'a page about it'),
    contact: texts('--contact <url|mail>', 'where its owner is reached; may be repeated'),
    logo: likeSetting('webhook', '--logo <url>', 'a picture of it'),
    purpose: text('--purpose <text>', 'what the pages are for, such as search'),
    userAgent: likeSetting('userAgent', '--user-agent <text>', 'the User-Agent that it sends'),
    renew: toggle(
      '--renew',
      'give an identity that is there a new key: it signs from tomorrow on, and the old one is listed for another day',
    ),
  }),
  ...asJson,
};
export type InitOptions = OptionsOf<typeof initOptions>;

export const showOptions = {
  ...inGroup('often', {
    identity,
    output: text('-o, --output <directory>', 'write the directory and the card as files for a web server'),
    valid: likeSetting(
      'revisitMax',
      '--valid <duration>',
      'with -o: how long the signature of the directory holds; write the files anew before it ends',
      '30d',
    ),
  }),
  overwrite,
  ...asJson,
};
export type ShowOptions = OptionsOf<typeof showOptions>;

export const serveIdentityOptions = inGroup('often', {
  identity,
  host: value('--host <address>', 'the address to listen on', (given) => given, '127.0.0.1'),
  port: likeSetting('apiPort', '--port <n>', 'the port to listen on; 0 for any free one', '3301'),
});
export type ServeIdentityOptions = OptionsOf<typeof serveIdentityOptions>;

export const checkOptions = {
  ...inGroup('often', {
    request: text(
      '--request <file>',
      'a request as it was received: the request line and the headers, or what curl -v prints; - for standard input',
    ),
    directory: text(
      '--directory <url|file>',
      'with --request: the keys to verify with (default: those that Signature-Agent names)',
    ),
    at: text('--at <time>', 'with --request: when it came, such as 2026-01-31T12:00:00Z (default: now)'),
  }),
  ...asJson,
};
export type CheckOptions = OptionsOf<typeof checkOptions>;
