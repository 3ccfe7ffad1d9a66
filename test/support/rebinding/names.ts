// The names that the tests of the guard look up, and the addresses of loopback that stand for others.
export const inside = '127.0.0.1';
/** These two are allowed to the crawl, as public addresses are; nothing listens at the second. */
export const outside = '127.0.0.2';
export const deaf = '127.0.0.3';
export const allowed = '127.0.0.2/31';

/** What each name says; those of `turning` say `inside` instead from some moment on. */
export const addresses: Record<string, string[]> = {
  'outside.example': [outside],
  'inside.example': [inside],
  'inside-first.example': [inside, outside],
  'outside-first.example': [outside, inside],
  'deaf-and-inside.example': [deaf, inside, '0.0.0.0'],
  'deaf-and-six.example': [deaf, '::1', '::ffff:127.0.0.1', '::'],
  'zero.example': ['0.0.0.0'],
  'six.example': ['::1'],
  'six-zero.example': ['::'],
  'mapped.example': ['::ffff:127.0.0.1'],
  'compatible.example': ['::127.0.0.1'],
  'nat64.example': ['64:ff9b::7f00:1'],
  'robots-inside.example': [outside],
  'own.example': [inside],
};
export const turning = {
  atQuestion: 'turns-at-question.example',
  afterPage: 'turns-after-page.example',
  afterRobots: 'turns-after-robots.example',
  atHop: 'turns-at-hop.example',
  outward: 'turns-outward.example',
};
