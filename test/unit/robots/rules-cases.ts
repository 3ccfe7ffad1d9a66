// The rules of robots.txt, case by case: the table that rules.test.ts runs. Each case names the section that
// asks for it. "Google" is the test suite of google/robotstxt and the specification at developers.google.com,
// where RFC 9309 is silent.

export interface Case {
  says: string;
  /** One line each. */
  lines: string[];
  allowed?: string[];
  refused?: string[];
  /** "drover" unless given. */
  token?: string;
}

export const us = 'User-agent: drover';

export const cases: Record<string, Case[]> = {
  'RFC 9309 §2.2.1, the user-agent line': [
    { says: 'no file, no rules', lines: [''], allowed: ['/', '/x'] },
    {
      says: 'the token in any case',
      lines: ['User-Agent: DROVER', 'Disallow: /x'],
      refused: ['/x'],
      allowed: ['/'],
    },
    { says: 'our token in any case', lines: [us, 'Disallow: /x'], token: 'Drover', refused: ['/x'] },
    { says: 'our token with a version', lines: [us, 'Disallow: /x'], token: 'drover/0.1', refused: ['/x'] },
    {
      says: 'groups of one token are merged',
      lines: [
        us,
        'Disallow: /foo',
        'Disallow: /bar',
        '',
        'User-agent: Other',
        'Disallow: /qux',
        '',
        us,
        'Disallow: /baz',
      ],
      refused: ['/foo', '/bar', '/baz'],
      allowed: ['/qux'],
    },
    {
      says: 'the group of everyone is merged too',
      lines: [
        'User-agent: *',
        'Disallow: /foo',
        'User-agent: Other',
        'Disallow: /qux',
        'User-agent: *',
        'Disallow: /bar',
      ],
      refused: ['/foo', '/bar'],
      allowed: ['/qux'],
    },
    {
      says: 'without a group of ours, that of everyone',
      lines: [
        'User-agent: *',
        'Disallow: /foo',
        'Disallow: /bar',
        '',
        'User-agent: BazBot',
        'Disallow: /baz',
      ],
      refused: ['/foo', '/bar'],
      allowed: ['/baz'],
    },
    {
      says: 'with a group of ours, that alone, wherever it stands',
      lines: ['User-agent: *', 'Disallow: /', us, 'Disallow: /y/'],
      refused: ['/y/page'],
      allowed: ['/x/page'],
    },
    {
      says: 'an empty group of ours allows all',
      lines: ['User-agent: *', 'Disallow: /', '', us],
      allowed: ['/'],
    },
    {
      says: 'neither ours nor everyone: no rules',
      lines: ['User-agent: Other', 'Disallow: /'],
      allowed: ['/'],
    },
    {
      says: 'several user-agent lines, one group',
      lines: ['User-agent: a', '', us, '# b', 'User-agent: b', 'Disallow: /x'],
      refused: ['/x'],
    },
    { says: 'ours and everyone in one group', lines: ['User-agent: *', us, 'Disallow: /x'], refused: ['/x'] },
    { says: 'a token is no prefix', lines: ['User-agent: drov', 'Disallow: /'], allowed: ['/x'] },
    { says: 'nor the beginning of one', lines: ['User-agent: drover-news', 'Disallow: /'], allowed: ['/x'] },
    { says: 'nor of one with a digit', lines: ['User-agent: drover2', 'Disallow: /'], allowed: ['/x'] },
    { says: 'nor a part', lines: ['User-agent: mydrover', 'Disallow: /'], allowed: ['/x'] },
    {
      says: 'a longer token of ours has no short ones',
      lines: [us, 'Disallow: /'],
      token: 'drover-news',
      allowed: ['/x'],
    },
    { says: 'an empty token is nobody', lines: ['User-agent:', 'Disallow: /'], allowed: ['/x'] },
    {
      says: 'names of objects are no groups',
      lines: ['User-agent: *', 'Disallow: /x'],
      token: '__proto__',
      refused: ['/x'],
    },
    {
      says: 'Google: what follows the token is passed over',
      lines: [`${us} bot`, 'Disallow: /x'],
      refused: ['/x'],
    },
    { says: 'Google: a version too', lines: [`${us}/2.1`, 'Disallow: /x'], refused: ['/x'] },
    { says: 'Google: a wildcard too', lines: [`${us}*`, 'Disallow: /x'], refused: ['/x'] },
    {
      says: 'Google: everyone may be followed by text',
      lines: ['User-agent: * bots', 'Disallow: /x'],
      refused: ['/x'],
    },
  ],
  'RFC 9309 §2.2.2, allow and disallow': [
    {
      says: 'from the first octet on',
      lines: [us, 'Disallow: /x'],
      refused: ['/x', '/xy', '/x/y', '/x?y'],
      allowed: ['/', '/a/x'],
    },
    { says: 'case counts', lines: [us, 'Disallow: /X/'], refused: ['/X/y'], allowed: ['/x/y'] },
    {
      says: 'the most octets win',
      lines: [us, 'Allow: /x/', 'Disallow: /x/page'],
      refused: ['/x/page'],
      allowed: ['/x/p'],
    },
    {
      says: 'in any order',
      lines: [us, 'Disallow: /x/page', 'Allow: /x/'],
      refused: ['/x/page'],
      allowed: ['/x/p'],
    },
    {
      says: 'also to allow',
      lines: [us, 'Disallow: /x/', 'Allow: /x/page'],
      refused: ['/x/'],
      allowed: ['/x/page'],
    },
    { says: 'allow wins a tie', lines: [us, 'Disallow: /x', 'Allow: /x'], allowed: ['/x'] },
    { says: 'allow wins a tie when first', lines: [us, 'Allow: /x', 'Disallow: /x'], allowed: ['/x'] },
    {
      says: 'equal after decoding is equal: allow wins',
      lines: [us, 'Disallow: /%7Ejoe', 'Allow: /~joe'],
      allowed: ['/~joe', '/%7Ejoe'],
    },
    {
      says: 'octets count, not characters',
      lines: [us, 'Disallow: /caf\u00e9', 'Allow: /caf*x'],
      refused: ['/caf%C3%A9x'],
    },
    { says: 'an empty disallow allows all', lines: [us, 'Disallow:'], allowed: ['/', '/x'] },
    { says: 'and takes no other rule away', lines: [us, 'Disallow: /x', 'Disallow:'], refused: ['/x'] },
    { says: 'an empty allow is no rule', lines: [us, 'Disallow: /', 'Allow:'], refused: ['/', '/x'] },
    {
      says: 'robots.txt itself is allowed',
      lines: [us, 'Disallow: /'],
      allowed: ['/robots.txt'],
      refused: ['/robots.txt.bak'],
    },
    {
      says: 'rules before any group are passed over',
      lines: ['Disallow: /x', us, 'Disallow: /y'],
      allowed: ['/x'],
      refused: ['/y'],
    },
    { says: 'a pattern without slash matches nothing', lines: [us, 'Disallow: x'], allowed: ['/x'] },
    { says: 'example 1', lines: [us, 'Disallow: /foo/bar?baz=quz'], refused: ['/foo/bar?baz=quz'] },
    {
      says: 'example 2, delimiters in a query',
      lines: [us, 'Disallow: /foo/bar?baz=https://foo.bar'],
      refused: ['/foo/bar?baz=https%3A%2F%2Ffoo.bar', '/foo/bar?baz=https://foo.bar'],
    },
    {
      says: 'example 2, the other way round',
      lines: [us, 'Disallow: /foo/bar?baz=https%3a%2F%2Ffoo.bar'],
      refused: ['/foo/bar?baz=https%3A%2F%2Ffoo.bar', '/foo/bar?baz=https://foo.bar'],
    },
    {
      says: 'but a slash in a path is not %2F',
      lines: [us, 'Disallow: /a/b'],
      refused: ['/a/b'],
      allowed: ['/a%2Fb'],
    },
    {
      says: 'nor %2F a slash',
      lines: [us, 'Disallow: /a%2fb'],
      refused: ['/a%2Fb', '/a%2fb'],
      allowed: ['/a/b'],
    },
    {
      says: 'example 3, not ASCII',
      lines: [us, 'Disallow: /foo/bar/\u30c4'],
      refused: ['/foo/bar/%E3%83%84', '/foo/bar/\u30c4'],
    },
    {
      says: 'example 4, encoded',
      lines: [us, 'Disallow: /foo/bar/%e3%83%84'],
      refused: ['/foo/bar/%E3%83%84', '/foo/bar/\u30c4'],
    },
    {
      says: 'example 5, encoded for nothing',
      lines: [us, 'Disallow: /foo/bar/%62%61%7A'],
      refused: ['/foo/bar/baz', '/foo/bar/%62az'],
    },
    { says: 'and in the URL', lines: [us, 'Disallow: /%7ejoe'], refused: ['/~joe', '/%7Ejoe'] },
    {
      says: 'both at once',
      lines: [us, 'Disallow: /%7E\u30c4%2a'],
      refused: ['/~%E3%83%84*', '/~%E3%83%84%2A'],
    },
    {
      says: 'spaces and quotes as URLs have them',
      lines: [us, 'Disallow: /a "b"|c'],
      refused: ['/a%20%22b%22|c', '/a%20%22b%22%7Cc'],
    },
    {
      says: 'a bare percent sign',
      lines: [us, 'Disallow: /100%', 'Disallow: /%zz'],
      refused: ['/100%', '/100%25x', '/%zz'],
    },
    { says: 'half a character', lines: [us, 'Disallow: /\ud800'], refused: ['/%EF%BF%BD'] },
    {
      says: 'the fragment is no part of it',
      lines: [us, 'Disallow: /*secret'],
      refused: ['/secret#x'],
      allowed: ['/x#secret'],
    },
  ],
  'RFC 9309 §2.2.3, special characters': [
    {
      says: 'comments',
      lines: ['# all', 'User-agent: drover # us', '# Disallow: /', 'Disallow: /quz#qux', 'Disallow: /y#'],
      refused: ['/quz', '/y'],
      allowed: ['/x'],
    },
    {
      says: '$ ends the path',
      lines: [us, 'Disallow: /this/exactly$'],
      refused: ['/this/exactly'],
      allowed: ['/this/exactly/', '/this/exactly?'],
    },
    {
      says: '$ elsewhere is itself',
      lines: [us, 'Disallow: /a$b', 'Disallow: /c$*'],
      refused: ['/a$b', '/a%24b', '/c$x'],
      allowed: ['/a', '/c'],
    },
    {
      says: '* is any octets',
      lines: [us, 'Disallow: /this/*/exactly'],
      refused: ['/this/x/y/exactly', '/this//exactly'],
      allowed: ['/this/exactly'],
    },
    {
      says: '* at the front',
      lines: [us, 'Disallow: *.gif$'],
      refused: ['/a.gif', '/a/b.gif'],
      allowed: ['/a.gif?x', '/gif'],
    },
    {
      says: '* at the end is nothing',
      lines: [us, 'Disallow: /fish*'],
      refused: ['/fish', '/fish.html'],
      allowed: ['/Fish'],
    },
    { says: '* before $', lines: [us, 'Disallow: /a*$'], refused: ['/a', '/abc'], allowed: ['/b'] },
    { says: 'many in a row', lines: [us, 'Disallow: /a***b**'], refused: ['/ab', '/axxb'], allowed: ['/a'] },
    {
      says: 'what fits early need not be taken',
      lines: [us, 'Disallow: /*a*ab$'],
      refused: ['/aab', '/xaaab', '/aabab'],
      allowed: ['/ab', '/aaba'],
    },
    {
      says: '%2A is an asterisk',
      lines: [us, 'Disallow: /with-a-%2A.html'],
      refused: ['/with-a-*.html', '/with-a-%2a.html'],
      allowed: ['/with-a-b.html'],
    },
    {
      says: '%24 is a dollar',
      lines: [us, 'Disallow: /foo-%24'],
      refused: ['/foo-$', '/foo-$x'],
      allowed: ['/foo-'],
    },
    { says: '$ alone', lines: [us, 'Disallow: $'], allowed: ['/', '/$'] },
    { says: '* alone', lines: [us, 'Disallow: *'], refused: ['/', '/x'] },
  ],
  'RFC 9309 §2.2.4, other records': [
    {
      says: 'they end no group',
      lines: [us, 'Sitemap: http://h/s.xml', 'Foo: bar', 'User-agent: b', 'Disallow: /x'],
      refused: ['/x'],
    },
    {
      says: 'nor does Crawl-delay',
      lines: [us, 'Crawl-delay: 5', 'User-agent: b', 'Disallow: /x'],
      refused: ['/x'],
    },
    {
      says: 'between rules',
      lines: [us, 'Disallow: /x', 'Host: h', 'Noindex: /z', 'Disallow: /y'],
      refused: ['/x', '/y'],
      allowed: ['/z'],
    },
  ],
  'RFC 9309 §2.2, §2.3.1.5, what can be parsed counts': [
    {
      says: 'white space anywhere',
      lines: ['\t user-agent\t :\tdrover \t', '  DISALLOW   :  /x  '],
      refused: ['/x'],
      allowed: ['/'],
    },
    {
      says: 'no white space',
      lines: ['user-agent:drover', 'disallow:/x', 'ALLOW:/x/y'],
      refused: ['/x'],
      allowed: ['/x/y'],
    },
    { says: 'a byte order mark', lines: [`\ufeff${us}`, 'Disallow: /x'], refused: ['/x'] },
    { says: 'CR LF', lines: [`${us}\r`, 'Disallow: /x\r', '\r', 'Disallow: /y\r'], refused: ['/x', '/y'] },
    { says: 'CR', lines: [`${us}\rDisallow: /x\rDisallow: /y`], refused: ['/x', '/y'] },
    {
      says: 'empty lines end no group',
      lines: [us, '', '', 'Disallow: /x', '', 'Disallow: /y'],
      refused: ['/x', '/y'],
    },
    {
      says: 'HTML has no rules',
      lines: ['<!doctype html>', '<html style="user-agent: x">', '<p>disallow: /', '</p>'],
      allowed: ['/'],
    },
    { says: 'binary has no rules', lines: ['\0\x01\u2028\ufffd:\0', '::::', ':', ' : x'], allowed: ['/'] },
    {
      says: 'a broken line between',
      lines: [us, 'Disallow', '=%&', 'Disallow: /x'],
      refused: ['/x'],
      allowed: ['/'],
    },
    {
      says: 'Google: a missing colon',
      lines: ['User-agent drover', 'Disallow /x'],
      refused: ['/x'],
      allowed: ['/'],
    },
    { says: 'Google: but not in a sentence', lines: [us, 'Disallow / for all of you'], allowed: ['/'] },
    {
      says: 'Google: misspelt',
      lines: ['useragent: drover', 'Dissallow: /a', 'Disalow: /b'],
      refused: ['/a', '/b'],
    },
    {
      says: 'no property of objects is a key',
      lines: [us, 'constructor: /x', '__proto__: /x', 'Disallow: /y'],
      allowed: ['/x'],
    },
  ],
  'RFC 9309 §5, examples': [
    ...['foobot', 'barbot', 'bazbot', 'quxbot', 'other'].map((token) => ({
      says: `§5.1, ${token}`,
      token,
      lines: [
        ...['User-Agent: *', 'Disallow: *.gif$', 'Disallow: /example/', 'Allow: /publications/', ''],
        ...['User-Agent: foobot', 'Disallow:/', 'Allow:/example/page.html', 'Allow:/example/allowed.gif', ''],
        ...[
          'User-Agent: barbot',
          'User-Agent: bazbot',
          'Disallow: /example/page.html',
          '',
          'User-Agent: quxbot',
        ],
      ],
      ...{
        foobot: {
          allowed: ['/example/page.html', '/example/allowed.gif'],
          refused: ['/', '/publications/', '/example/'],
        },
        barbot: { allowed: ['/', '/example/', '/a.gif'], refused: ['/example/page.html'] },
        bazbot: { allowed: ['/', '/example/', '/a.gif'], refused: ['/example/page.html'] },
        quxbot: { allowed: ['/', '/example/page.html', '/a.gif'] },
        other: {
          allowed: ['/', '/publications/', '/publications/x'],
          refused: ['/a.gif', '/example/page.html'],
        },
      }[token],
    })),
    {
      says: '§5.2, the longest match',
      lines: [us, 'Allow: /example/page/', 'Disallow: /example/page/disallowed.gif'],
      refused: ['/example/page/disallowed.gif'],
      allowed: ['/example/page/', '/example/page/x.gif'],
    },
  ],
  'Google, matching of paths': [
    {
      says: '/fish',
      lines: [us, 'Disallow: /', 'Allow: /fish'],
      allowed: ['/fish', '/fish.html', '/fish/salmon.html', '/fishheads', '/fish.html?id=a'],
      refused: ['/Fish.asp', '/catfish', '/?id=fish'],
    },
    {
      says: '/fish/',
      lines: [us, 'Disallow: /', 'Allow: /fish/'],
      allowed: ['/fish/', '/fish/?id=a', '/fish/salmon'],
      refused: ['/fish', '/fish.html', '/Fish/Salmon.asp'],
    },
    {
      says: '/*.php',
      lines: [us, 'Disallow: /', 'Allow: /*.php'],
      allowed: ['/filename.php', '/folder/any.php.file.html', '/index?f=filename.php/'],
      refused: ['/', '/windows.PHP', '/index?php'],
    },
    {
      says: '/*.php$',
      lines: [us, 'Disallow: /', 'Allow: /*.php$'],
      allowed: ['/filename.php', '/folder/filename.php'],
      refused: ['/filename.php?parameters', '/filename.php/', '/filename.php5', '/windows.PHP'],
    },
    {
      says: '/fish*.php',
      lines: [us, 'Disallow: /', 'Allow: /fish*.php'],
      allowed: ['/fish.php', '/fishheads/catfish.php?parameters'],
      refused: ['/Fish.PHP'],
    },
    {
      says: '/fish*',
      lines: [us, 'Disallow: /', 'Allow: /fish*'],
      allowed: [
        '/fish',
        '/fish.html',
        '/fish/salmon.html',
        '/fishheads',
        '/fishheads/yummy.html',
        '/fish.html?id=a',
      ],
      refused: ['/bar', '/Fish.bar', '/catfish', '/?id=fish'],
    },
    {
      says: '/fish, more paths',
      lines: [us, 'Disallow: /', 'Allow: /fish'],
      allowed: ['/fishheads/yummy.html'],
      refused: ['/bar'],
    },
    {
      says: '/fish/, more paths',
      lines: [us, 'Disallow: /', 'Allow: /fish/'],
      allowed: ['/fish/?salmon', '/fish/salmon.html'],
      refused: ['/bar'],
    },
    {
      says: '/*.php, more paths',
      lines: [us, 'Disallow: /', 'Allow: /*.php'],
      allowed: ['/folder/filename.php?parameters', '//folder/any.php.file.html', '/filename.php/'],
      refused: ['/bar', '/php/'],
    },
    {
      says: '/*.php$, more paths',
      lines: [us, 'Disallow: /', 'Allow: /*.php$'],
      refused: ['/bar', '/php/', '/filename?php', '/aaaphpaaa', '//windows.PHP'],
    },
    { says: '/fish*.php, more paths', lines: [us, 'Disallow: /', 'Allow: /fish*.php'], refused: ['/bar'] },
    { says: 'precedence 1', lines: [us, 'Allow: /p', 'Disallow: /'], allowed: ['/page'] },
    { says: 'precedence 2', lines: [us, 'Allow: /folder', 'Disallow: /folder'], allowed: ['/folder/page'] },
    { says: 'precedence 3', lines: [us, 'Allow: /page', 'Disallow: /*.htm'], refused: ['/page.htm'] },
    { says: 'precedence 4', lines: [us, 'Allow: /page', 'Disallow: /*.ph'], allowed: ['/page.php5'] },
    { says: 'precedence 5', lines: [us, 'Allow: /$', 'Disallow: /'], allowed: ['/'], refused: ['/page.htm'] },
    {
      says: 'groups',
      lines: [
        ...[
          'allow: /foo/bar/',
          '',
          us,
          'disallow: /',
          'allow: /x/',
          'user-agent: BarBot',
          'disallow: /',
          'allow: /y/',
          '',
        ],
        ...['', 'allow: /w/', 'user-agent: BazBot', '', us, 'allow: /z/', 'disallow: /'],
      ],
      allowed: ['/x/b', '/z/d'],
      refused: ['/y/c', '/w/a', '/foo/bar/'],
    },
  ],
  'Google, lines and groups': [
    { says: 'we without a name', lines: ['User-agent: FooBot', 'Disallow: /'], token: '', allowed: ['/x'] },
    { says: 'other keys are no rules', lines: ['foo: drover', 'bar: /'], allowed: ['/x/y'] },
    ...['USER-AGENT: drover|ALLOW: /x/|DISALLOW: /', 'uSeR-aGeNt: drover|AlLoW: /x/|dIsAlLoW: /'].map(
      (file) => ({
        says: `keys in any case, ${file.slice(0, 4)}`,
        lines: file.split('|'),
        allowed: ['/x/y'],
        refused: ['/a/b'],
      }),
    ),
    ...['DROVER BOT', 'drover bot', 'DrOvEr bOt'].flatMap((name) =>
      ['Drover', 'drover'].map((token) => ({
        says: `names in any case, ${name} and ${token}`,
        token,
        lines: [`User-Agent: ${name}`, 'Allow: /x/', 'Disallow: /'],
        allowed: ['/x/y'],
        refused: ['/a/b'],
      })),
    ),
    ...['barbot', 'bazbot'].map((token) => ({
      says: `rules after empty lines are of the group above, ${token}`,
      token,
      lines: [
        ...['allow: /foo/bar/', '', 'user-agent: FooBot', 'disallow: /', 'allow: /x/', 'user-agent: BarBot'],
        ...[
          'disallow: /',
          'allow: /y/',
          '',
          '',
          'allow: /w/',
          'user-agent: BazBot',
          '',
          'user-agent: FooBot',
        ],
        ...['allow: /z/', 'disallow: /'],
      ],
      ...{
        barbot: { allowed: ['/y/c', '/w/a'], refused: ['/z/d', '/foo/bar/'] },
        bazbot: { allowed: ['/z/d'], refused: ['/foo/bar/'] },
      }[token],
    })),
    ...['barbot', 'foobot'].flatMap((token) =>
      ['Sitemap: https://foo.bar/sitemap', 'Invalid-Unknown-Line: unknown'].map((other) => ({
        says: `other records between two names, ${other.slice(0, 7)}, ${token}`,
        token,
        lines: ['User-agent: BarBot', other, 'User-agent: *', 'Disallow: /'],
        refused: ['/'],
      })),
    ),
  ],
  'Google, the longest match': [
    { says: 'both empty', lines: [us, 'Disallow: ', 'Allow: '], allowed: ['/x/page.html'] },
    { says: 'both /', lines: [us, 'Disallow: /', 'Allow: /'], allowed: ['/x/page.html'] },
    { says: 'a slash longer', lines: [us, 'Disallow: /x', 'Allow: /x/'], allowed: ['/x/'], refused: ['/x'] },
    {
      says: 'both the whole path',
      lines: [us, 'Disallow: /x/page.html', 'Allow: /x/page.html'],
      allowed: ['/x/page.html'],
    },
    {
      says: 'a wildcard is an octet',
      lines: [us, 'Allow: /page', 'Disallow: /*.html'],
      allowed: ['/page'],
      refused: ['/page.html'],
    },
    {
      says: 'the path up to the dot is longer',
      lines: [us, 'Allow: /x/page.', 'Disallow: /*.html'],
      allowed: ['/x/page.html'],
      refused: ['/x/y.html'],
    },
  ],
  'Google, special characters': [
    {
      says: 'a query with all of them',
      lines: [us, 'Disallow: /', 'Allow: /foo/bar?qux=taz&baz=http://foo.bar?tar&par'],
      allowed: ['/foo/bar?qux=taz&baz=http://foo.bar?tar&par'],
    },
    {
      says: 'a wildcard that fits nowhere',
      lines: [us, 'Disallow: /foo/bar/quz', 'Allow: /foo/*/qux'],
      allowed: ['/foo/quz', '/foo//quz', '/foo/bax/quz'],
      refused: ['/foo/bar/quz'],
    },
    {
      says: '$ at the end',
      lines: [us, 'Disallow: /foo/bar$', 'Allow: /foo/bar/qux'],
      allowed: ['/foo/bar/qux', '/foo/bar/', '/foo/bar/baz'],
      refused: ['/foo/bar'],
    },
    {
      says: 'comments',
      lines: [us, '# Disallow: /', 'Disallow: /foo/quz#qux', 'Allow: /'],
      allowed: ['/foo/bar'],
      refused: ['/foo/quz'],
    },
    {
      says: 'the path of a URL is what follows the host, with ; and URLs in the query',
      lines: [us, 'Disallow: /a/b?c=http://d.e/$', 'Disallow: /a;b$'],
      refused: ['/a/b?c=http://d.e/', '/a;b#c'],
      allowed: ['/a/b', '/a'],
    },
  ],
  'otherwise than Google, by the letter of RFC 9309': [
    {
      says: 'index.html does not stand for its directory',
      lines: [us, 'Allow: /dir/index.html', 'Disallow: /'],
      allowed: ['/dir/index.html'],
      refused: ['/dir/', '/dir/index.htm', '/other'],
    },
    {
      says: 'a line of 20,000 octets is not cut off',
      lines: [us, `Disallow: /x/${'a'.repeat(20_000)}/qux`],
      allowed: [`/x/${'a'.repeat(20_000)}/fux`, '/fux'],
      refused: [`/x/${'a'.repeat(20_000)}/qux`],
    },
    {
      says: 'a URL is encoded as the pattern is',
      lines: [us, 'Disallow: /', 'Allow: /foo/\u30c4', 'Allow: /bar/%62%61%7A'],
      allowed: ['/foo/\u30c4', '/foo/%E3%83%84', '/bar/baz', '/bar/%62%61%7A'],
    },
    {
      says: 'a byte order mark in the middle is no part of its line',
      lines: [us, '\ufeffDisallow: /x'],
      refused: ['/x'],
    },
    { says: 'a key that only begins like one is none', lines: [us, 'Disallowed: /x'], allowed: ['/x'] },
  ],
};
