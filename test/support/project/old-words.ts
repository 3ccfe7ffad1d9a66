// Words that drover no longer uses, what they became (docs/GLOSSARY.md), and where they still may stand: a
// table.

export interface OldWord {
  old: string;
  becomes: string;
  /** In small letters, words apart: `lookOn`, `look-on` and `LOOK_ON` are "look on". */
  words?: RegExp;
  /** In the text as it is. */
  text?: RegExp;
  /** What is no use of the old word. It is cut out of the line before the line is searched. */
  allowed?: Allowed[];
}

export interface Allowed {
  text: RegExp;
  because: string;
  /** The only file, or the only folder, in which it may stand. */
  within?: string;
}

export const oldWords: OldWord[] = [
  { old: 'station', becomes: 'ConsumerContext', words: /\bstations?\b/ },
  {
    old: 'Work, Story, Told (types)',
    becomes: 'ActiveJob, JobTrace, JobReport',
    text: /\b(?:interface|type|class) (?:Work|Story|Told)\b|[:<|] ?(?:Work|Story|Told)(?=[;,>)|[\]])/,
  },
  {
    old: 'plan',
    becomes: 'LoadedCrawl',
    words: /\bplans?\b/,
    allowed: [
      {
        text: /\bplans?\b/,
        because: 'the demonstration’s museum has a plan of its rooms',
        within: 'cli/demo/',
      },
      { text: /\bplan\b/, because: 'that plan', within: 'test/integration/demo-site.test.ts' },
      {
        text: /\bplan(?:\(request|: \(request)|host\.plan\(/,
        because: 'what the test site does with a request',
        within: 'test/support/site/',
      },
    ],
  },
  { old: 'shelf', becomes: 'records folder', words: /\bshel(?:f|ves)\b/ },
  { old: 'heirs', becomes: 'slot waiters', words: /\bheirs?\b/ },
  {
    old: 'news (of limiter keys)',
    becomes: 'key events',
    words: /\bnews\b/,
    allowed: [
      { text: /\/news\//, because: 'the path of a page' },
      { text: /\bnews(?::\w+)+|drover-news/, because: 'names in sitemaps and robots.txt that others chose' },
    ],
  },
  {
    old: 'feed (what dispatches)',
    becomes: 'dispatcher',
    words: /\bfeeds?\b/,
    allowed: [
      { text: /(?:line|form) feed/, because: 'names of characters' },
      { text: /\/feed\b|<feed>?|<\/feed>|'feed'/, because: 'the element, and the path, of RSS and Atom' },
      { text: /\bfeeds?\b|Feed\b|\bfeedDate\b/, because: 'a feed in RSS or Atom', within: 'src/sitemap/' },
      { text: /\bfeed\b/, because: 'a feed in RSS or Atom', within: 'test/unit/sitemap/' },
      { text: /\bfeeds?\b|-feeds\b/, because: 'a feed in RSS or Atom', within: 'test/integration/odd-feeds' },
      { text: /\bfeeds?\b|\bFeeds:/, because: 'a feed in RSS or Atom', within: 'docs/DECISIONS.md' },
      { text: /\bfeeds?\b|\bFeeds:/, because: 'a feed in RSS or Atom', within: 'CHANGELOG.md' },
    ],
  },
  {
    old: 'turn (of dispatch)',
    becomes: 'dispatch',
    words: /\bturns?\b/,
    allowed: [
      { text: /\b[Ii]n turn\b/, because: 'one after the other' },
      {
        text: /\b(?:its|their|process's) turn\b/,
        because: 'when it may begin, among others that also want to',
      },
      { text: /\bturns? (?:into|what|another|from|inside)\b/, because: 'to become, to send away' },
      { text: /(?:\/\/|\*) (?:\w+: the one place that )?[Tt]urns /, because: 'to make something else of it' },
      { text: /\btakes? turns\b/, because: 'one after the other' },
      { text: /'turn'|\bturn sum\b/, because: 'the former name of a script in the metrics' },
      {
        text: /\b(?:longestTurnMs|turns? of (?:a timer|the event))\b/,
        because: 'one round of the event loop',
      },
      {
        text: /\bturns? of (?:a|its|the) (?:job|request)\b|\b(?:[Tt]his|A postponed|the|[Tt]he) turn (?:was|of|ended|does)\b/,
        because: 'one time that a job is processed',
      },
      {
        text: /\bturns-|'turns'/,
        because: 'hosts whose address turns into a private one',
        within: 'test/support/rebinding/',
      },
    ],
  },
  {
    old: 'handing',
    becomes: 'hand-over',
    words: /\bhandings?\b/,
    allowed: [
      { text: /\bhanding (?:a|the) record to/, because: 'the plain verb' },
      {
        text: /:handing'|:handing`|\|handing\$\|/,
        because: 'the former name of a key, which the upgrade knows',
      },
    ],
  },
  {
    old: 'told off',
    becomes: 'rate-limited',
    words: /\b(?:told|tells?|telling) off\b/,
    allowed: [{ text: /\btoldOffAt\b/, because: 'the former name of a field, which is understood' }],
  },
  {
    old: 'demands (of a host)',
    becomes: 'backoff',
    words: /\bdemands?\b/,
    allowed: [{ text: /\bon demand\b/, because: 'when somebody asks for it' }],
  },
  { old: 'sight', becomes: 'observation', words: /\bsight(?:s|ings?)?\b/ },
  {
    old: 'listen (what reads the signals of hosts)',
    becomes: 'host signals',
    text: /\/listen\.ts\b|\bcreateListen\b/,
  },
  { old: 'look-on', becomes: 'telemetry', words: /\blooks? on\b/ },
  {
    old: 'pulse',
    becomes: 'heartbeat',
    words: /\bpulses?\b/,
    allowed: [{ text: /'pulse'|\bpulse sum\b/, because: 'the former name of a script in the metrics' }],
  },
  { old: 'chore', becomes: 'interval, or lease', words: /\bchores?\b/ },
  { old: 'tend-dead', becomes: 'dead maintenance', words: /\btend(?:s|ing)? (?:the )?dead\b/ },
  { old: 'mend', becomes: 'repair', words: /\bmend(?:s|ed|ing)?\b/ },
  {
    old: 'doors',
    becomes: 'origin check',
    words: /\bdoors?\b/,
    allowed: [{ text: /\bE_OPEN_DOOR\b/, because: 'a code that users know' }],
  },
  { old: 'courier', becomes: 'webhook worker', words: /\bcouriers?\b/ },
  { old: 'crew', becomes: 'webhook workers', words: /\bcrews?\b/ },
  { old: 'journey', becomes: 'fetch deadline', words: /\bjourneys?\b/ },
  {
    old: 'places (of connections)',
    becomes: 'connection limit',
    text: /\/places\.ts\b|\b(?:create|open|take|free)Places?\b/,
  },
  { old: 'graveyard', becomes: 'dead-letter fixture', words: /\bgraveyards?\b/ },
  {
    old: 'desk',
    becomes: 'command runner',
    words: /\bdesks?\b/,
    allowed: [
      {
        text: /'desk'|'desk-light'|on a desk\b/,
        because: 'where a large screen stands',
        within: 'test/browser/',
      },
    ],
  },
  {
    old: 'keyPrefix',
    becomes: 'namespace',
    words: /\bkey prefix(?:es)?\b/,
    allowed: [
      {
        text: /keyPrefix/,
        because: 'an option of ioredis, refused in the address',
        within: 'test/unit/redis/',
      },
    ],
  },
  {
    old: 'prefix (the setting)',
    becomes: 'namespace',
    text: /DROVER_PREFIX|--prefix\b|\bsettings\.prefix\b|namespaceOf\(prefix\)|(?:NAMESPACE|namespace): prefix\b/,
    allowed: [
      {
        text: /DROVER_PREFIX|--prefix\b/,
        because: 'the former name of the setting, which is refused',
        within: 'test/unit/',
      },
    ],
  },
  {
    old: 'snooze',
    becomes: 'postponed',
    words: /\bsnooz(?:es?|ed|ing)\b/,
    allowed: [
      { text: /maxSnooze|max-snooze|MAX_SNOOZE/, because: 'a former name of a setting, which is understood' },
      {
        text: /'snoozes'|"snoozes"|\bsnoozes: 4\b|drover_outcomes_total snooze\b/,
        because: 'former names, which the upgrade knows',
      },
    ],
  },
  { old: 'put back', becomes: 'postponed', words: /\bput(?:s|ting)? back\b/ },
  {
    old: 'take (the fencing number)',
    becomes: 'claim',
    text: /\b(?:const|let|local) takes?\b(?! = \()|(?<=[{,(.] ?)takes?\s*[:,})]|^\s*takes?\??:|\b[Tt]akes? (?:number|instead of)/,
    allowed: [
      { text: /\btake\b/, because: 'a reader of tags takes them', within: 'src/page/' },
      { text: /\btake\b/, because: 'a reader of tags takes them', within: 'src/markup/' },
      { text: /\btake\b/, because: 'a reader of tags takes them', within: 'test/unit/markup/' },
      {
        text: /\btakes: \[/,
        because: 'the kinds of content that a route takes',
        within: 'src/api/openapi.ts',
      },
    ],
  },
  {
    old: 'sink',
    becomes: 'store',
    words: /\bsinks?\b/,
    allowed: [
      {
        text: /\bsink\b|drover_sink_/,
        because: 'the former name of a metric',
        within: 'src/fleet/lua/upgrade.lua',
      },
    ],
  },
];
