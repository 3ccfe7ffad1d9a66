// The rules of robots.txt, case by case; each names the section that asks for it. "Google" is the test suite of google/robotstxt
// and the specification at developers.google.com, where RFC 9309 is silent.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { comparablePath, compilePattern, matches } from '../../../src/robots/pattern.ts';
import { parseRobots, withinLimit } from '../../../src/robots/rules.ts';

interface Case {
  says: string;
  /** One line each. */
  lines: string[];
  allowed?: string[];
  refused?: string[];
  /** "drover" unless given. */
  token?: string;
}

const us = 'User-agent: drover';

const cases: Record<string, Case[]> = {
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
    { says: 'the first bytes of a byte order mark', lines: [`\ufffd${us}`, 'Disallow: /x'], refused: ['/x'] },
    { says: 'but not a broken one', lines: [`\ufffd\x11\ufffd${us}`, 'Disallow: /x'], allowed: ['/x'] },
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

for (const [section, list] of Object.entries(cases)) {
  for (const { says, lines, token = 'drover', allowed = [], refused = [] } of list) {
    test(`${section}: ${says}`, () => {
      const rules = parseRobots(lines.join('\n'), token);
      const right = [...allowed, ...refused].map((path) => [path, allowed.includes(path)]);
      assert.deepEqual(
        right.map(([path]) => [path, rules.allows(`http://h.example:8080${path}`).allowed]),
        right,
      );
    });
  }
}

test('a refusal and an allowance name their line, as it is written', () => {
  const rules = parseRobots('\ufeff# x\r\nUser-agent: *\r\n\r\n Disallow:/x # no\rAllow: /x/y\n', 'drover');
  assert.deepEqual(rules.allows('http://h/x'), { allowed: false, rule: 'Disallow:/x', line: 4 });
  assert.deepEqual(rules.allows('http://h/x/y'), { allowed: true, rule: 'Allow: /x/y', line: 5 });
  assert.deepEqual(rules.allows('http://h/z'), { allowed: true, rule: null, line: null });
});

test('Google: lines are counted alike whatever ends them', () => {
  const file = ['User-Agent: foo', 'Allow: /some/path', 'User-Agent: drover', '', '', 'Disallow: /x'];
  const mixed = 'User-Agent: foo\nAllow: /some/path\r\nUser-Agent: drover\n\r\n\nDisallow: /x';
  for (const text of [
    ...['\n', '\r\n', '\r'].flatMap((end) => [file.join(end), file.join(end) + end]),
    mixed,
  ]) {
    assert.equal(parseRobots(text, 'drover').allows('http://h/x').line, 6, JSON.stringify(text));
  }
});

test('a URL without path counts as /', () => {
  const rules = parseRobots('User-agent: *\nDisallow: /$\nDisallow: /?q', 'drover');
  const urls = ['http://h', 'http://h/', 'http://h#x', 'http://h?q', 'http://h/x'];
  assert.deepEqual(
    urls.map((url) => rules.allows(url).allowed),
    [false, false, false, false, true],
  );
});

const delayOf = (...lines: string[]) => parseRobots(lines.join('\n'), 'drover').crawlDelayMs;

test('Crawl-delay is that of the group obeyed: the longest, in seconds with fractions, and of the lines just above it', () => {
  assert.equal(delayOf('User-agent: *', 'Disallow: /x'), null);
  assert.equal(delayOf('User-agent: *', 'Crawl-delay: 10'), 10_000);
  assert.equal(delayOf('User-agent: *', 'Disallow: /x', 'crawl-delay:0.5'), 500);
  assert.equal(delayOf('User-agent: *', 'Crawl-delay: 10', us, 'Disallow: /'), null);
  assert.equal(delayOf(us, 'Crawl-delay: 1', 'User-agent: slow', 'Crawl-delay: 30', 'Disallow: /'), 1000);
  assert.equal(
    delayOf(us, 'Crawl-delay: 1', 'Disallow: /x', us, 'Crawl-delay: 3', us, 'Crawl-delay: 2'),
    3000,
  );
  for (const wrong of ['', '-1', 'ten', '1e3', 'Infinity', '9'.repeat(400), '5s']) {
    assert.equal(delayOf(us, `Crawl-delay: ${wrong}`), null, wrong);
  }
});

test('Sitemap lines are found anywhere, each once, as written', () => {
  const lines = [
    'Sitemap: http://h/a.xml',
    us,
    'SITEMAP:/b.xml # x',
    'Disallow: /',
    'sitemap: http://h/a.xml',
    'Sitemap:',
  ];
  assert.deepEqual(parseRobots(lines.join('\n'), 'other').sitemaps, ['http://h/a.xml', '/b.xml']);
});

const limit = 500 * 1024;

test('RFC 9309 §2.5: whole lines within the first 500 KiB count, and no part of a later one', () => {
  const filler = (bytes: number) => `#${'\u00e9'.repeat((bytes - 2) / 2)}\n`;
  const head = `${us}\n`;
  const lines = 'Disallow: /first\nAllow: /first/x\nDisallow: /last';
  for (const newline of ['\n', '\r', '\r\n']) {
    const text = `${head}${filler(limit - head.length - lines.length - ((head.length + lines.length) % 2))}`;
    const room = limit - Buffer.byteLength(text);
    const exact = `${text}${'\n'.repeat(room - lines.length)}${lines}`;
    assert.equal(Buffer.byteLength(exact), limit);
    const rules = parseRobots(`${exact}${newline}Disallow: /after\n`, 'drover');
    assert.equal(rules.allows('http://h/first').allowed, false);
    assert.equal(rules.allows('http://h/last').allowed, false, 'a line that ends with the limit');
    assert.equal(rules.allows('http://h/after').allowed, true);
  }
  const cut = parseRobots(`${head}${filler(limit - head.length - 7)}Allow: /\nDisallow: /x`, 'drover');
  assert.deepEqual(cut.allows('http://h/a'), { allowed: true, rule: null, line: null });
  const long = parseRobots(`${us}\nDisallow: /x\nDisallow: /${'y'.repeat(limit)}`, 'drover');
  assert.equal(long.allows('http://h/x').allowed, false);
  assert.equal(parseRobots('x'.repeat(2 * limit), 'drover').allows('http://h/').allowed, true);
});

/** What is left of a file that is cut off after 500 KiB on its way here. */
const arrived = (file: string | Buffer) => new TextDecoder().decode(Buffer.from(file).subarray(0, limit));

test('a line that the limit cut in two is no rule, be there a byte order mark or not; one that ends with the limit is', () => {
  for (const mark of ['', '\ufeff']) {
    for (const [before, last, refused] of [
      ['Disallow: /p', 'rivate', false],
      ['Disallow: /', '\n', false],
      ['Disallow: /\n', '# x', true],
    ] as const) {
      const head = `${mark}${us}\n`;
      const filler = `#${'x'.repeat(limit - Buffer.byteLength(head) - before.length - 2)}\n`;
      const text = arrived(`${head}${filler}${before}${last}`);
      assert.equal(parseRobots(text, 'drover').allows('http://h/public').allowed, !refused, before + last);
      assert.equal(withinLimit(withinLimit(text)), withinLimit(text));
    }
  }
});

test('a file in another encoding, larger when it is read as UTF-8, is read up to its 500 KiB', () => {
  const comment = Buffer.from(`# ${'\u00e9'.repeat(97)}\n`, 'latin1');
  const comments = Array<Buffer>(5000).fill(comment);
  const text = arrived(Buffer.concat([Buffer.from(`${us}\n`), ...comments, Buffer.from('Disallow: /x\n')]));
  assert.ok(Buffer.byteLength(text) > 2 * limit);
  assert.deepEqual(parseRobots(text, 'drover').allows('http://h/x'), {
    ...{ allowed: false, rule: 'Disallow: /x', line: 5002 },
  });
});

test('a pattern matches as the regular expression does that it stands for', () => {
  const letters = fc
    .array(fc.constantFrom('a', 'b', '/', '*'), { maxLength: 10 })
    .map((list) => list.join(''));
  const paths = fc
    .array(fc.constantFrom('a', 'b', '/'), { maxLength: 14 })
    .map((list) => `/${list.join('')}`);
  fc.assert(
    fc.property(letters, fc.boolean(), paths, (pattern, anchored, path) => {
      const expression = new RegExp(`^/${pattern.replaceAll('*', '.*')}${anchored ? '$' : ''}`);
      const compiled = compilePattern(`/${pattern}${anchored ? '$' : ''}`);
      assert.equal(matches(compiled, comparablePath(path)), expression.test(path));
    }),
    { numRuns: 3000 },
  );
});

/** RFC 9309 §2.2.2 and RFC 3986, octet by octet: the form in which paths are compared. In a pattern, `*` stays. */
function encodedSlowly(text: string, isPattern: boolean): string {
  const bytes = [...Buffer.from(text)].map((byte) => String.fromCharCode(byte));
  let encoded = '';
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as string;
    const digits = bytes.slice(at + 1, at + 3).join('');
    if (byte === '%' && /^[0-9a-f]{2}$/i.test(digits)) {
      const meant = String.fromCharCode(Number.parseInt(digits, 16));
      encoded += /[a-z0-9\-._~]/i.test(meant) ? meant : `%${digits.toUpperCase()}`;
      at += 2;
    } else if (/[a-z0-9\-._~:/?#[\]@!&'()+,;=]/i.test(byte) || (isPattern && byte === '*')) {
      encoded += byte;
    } else {
      encoded += `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
    }
  }
  return encoded;
}

/** The second reading: what delimits in a URL is encoded in its query. */
function queryEncodedSlowly(encoded: string): string {
  const query = encoded.indexOf('?') + 1;
  const delimiters = [...encoded.slice(query)].map((character) =>
    ":/?#[]@!'(),;".includes(character)
      ? `%${character.charCodeAt(0).toString(16).toUpperCase()}`
      : character,
  );
  return encoded.slice(0, query) + delimiters.join('');
}

/** Keeps every place in the path where the pattern's beginning, one character longer each time, can end. */
function fitsSlowly(pattern: string, path: string, anchored: boolean): boolean {
  let ends = [0];
  for (const character of pattern) {
    const [first = path.length + 1] = ends;
    ends =
      character === '*'
        ? Array.from({ length: path.length + 1 - first }, (_, more) => first + more)
        : ends.filter((end) => path[end] === character).map((end) => end + 1);
  }
  return anchored ? ends.includes(path.length) : ends.length > 0;
}

function matchesSlowly(pattern: string, path: string): boolean {
  const anchored = pattern.endsWith('$');
  const ours = encodedSlowly(anchored ? pattern.slice(0, -1) : pattern, true);
  const theirs = encodedSlowly(path, false);
  if (fitsSlowly(ours, theirs, anchored)) return true;
  const both = ours.includes('?') && theirs.includes('?');
  return both && fitsSlowly(queryEncodedSlowly(ours), queryEncodedSlowly(theirs), anchored);
}

const pieces = [
  ...[
    'a',
    'b',
    'A',
    '/',
    '?',
    '=',
    '&',
    ':',
    ';',
    '+',
    '~',
    '.',
    '$',
    '%',
    '%2',
    ' ',
    '"',
    '|',
    '\u00e9',
    '\u{1f600}',
  ],
  ...[
    '%61',
    '%41',
    '%2F',
    '%2f',
    '%2A',
    '%2a',
    '%24',
    '%25',
    '%3A',
    '%3a',
    '%3F',
    '%7E',
    '%C3%A9',
    '%c3',
    '%A9',
  ],
];
const joined = (list: string[]) => list.join('');
const pathPieces = fc.array(fc.constantFrom(...pieces, '*'), { maxLength: 8 });
const patternPieces = fc.array(
  fc.oneof({ weight: 3, arbitrary: fc.constant('*') }, { weight: 9, arbitrary: fc.constantFrom(...pieces) }),
  {
    maxLength: 7,
  },
);
const patterns = fc
  .tuple(fc.constantFrom('/', '/', '/', '*', ''), patternPieces, fc.boolean())
  .map(([first, list, anchored]) => `${first}${joined(list)}${anchored ? '$' : ''}`);
/** A pattern, and a path that was made by filling its wildcards and writing some characters otherwise: often it matches. */
const patternAndPath = fc
  .tuple(patterns, pathPieces, pathPieces, fc.constantFrom('as it is', 'encoded', 'decoded', 'other'))
  .map(([pattern, filling, rest, written]) => {
    const plain =
      pattern.replace(/\$$/, '').replaceAll('*', joined(filling)) + (rest.length > 5 ? joined(rest) : '');
    const path = {
      'as it is': plain,
      encoded: encodedSlowly(plain, false),
      decoded: plain.replace(/%(?:2F|3A|2A|24|7E|61)/gi, decodeURIComponent),
      other: joined(rest),
    }[written];
    return { pattern, path: path.startsWith('/') ? path : `/${path}` };
  });

test('a pattern matches as one does that is encoded octet by octet and keeps every end that its beginning can have', () => {
  let matched = 0;
  const numRuns = 5000;
  fc.assert(
    fc.property(patternAndPath, ({ pattern, path }) => {
      const expected = matchesSlowly(pattern, path);
      matched += Number(expected);
      assert.equal(matches(compilePattern(pattern), comparablePath(path)), expected);
    }),
    { numRuns },
  );
  assert.ok(matched > numRuns / 5 && matched < (numRuns * 4) / 5, `${matched} of ${numRuns} matched`);
});

test('of any rules the longest that matches decides, and allow before disallow', () => {
  const ruleLists = fc.array(fc.tuple(fc.boolean(), patterns), { maxLength: 6 });
  fc.assert(
    fc.property(ruleLists, patternAndPath, fc.boolean(), (others, { pattern, path }, allow) => {
      const rules = [...others, [allow, pattern] as const]
        .map(([allow, pattern]) => ({ allow, pattern: pattern.trim() }))
        .filter(({ pattern }) => pattern !== '');
      const longest = rules
        .filter(({ pattern }) => matchesSlowly(pattern, path))
        .map(({ allow, pattern }) => ({ allow, octets: octetsSlowly(pattern) }))
        .sort((a, b) => b.octets - a.octets || Number(b.allow) - Number(a.allow));
      const text = [us, ...rules.map(({ allow, pattern }) => `${allow ? 'Allow' : 'Disallow'}: ${pattern}`)];
      const verdict = parseRobots(text.join('\n'), 'drover').allows(`http://h.example${path}`);
      assert.equal(verdict.allowed, longest[0]?.allow ?? true, text.join('\n'));
      assert.equal(verdict.rule === null, longest.length === 0);
    }),
    { numRuns: 2000 },
  );
});

/** The octets of a pattern in the form in which it is compared, its wildcards and its end one each. */
const octetsSlowly = (pattern: string) =>
  encodedSlowly(pattern.replace(/\$$/, ''), true).length + Number(pattern.endsWith('$'));

test('nothing that a server sends makes parsing or matching throw', () => {
  const words = fc.constantFrom(
    'User-agent',
    'Disallow',
    'Allow',
    'Crawl-delay',
    ':',
    ' ',
    '*',
    '$',
    '%',
    '/',
    '\n',
    '\r',
    'drover',
    '#',
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(words, fc.string({ unit: 'binary', maxLength: 4 }))),
      fc.webUrl(),
      (list, url) => {
        assert.equal(typeof parseRobots(list.join(''), 'drover').allows(url).allowed, 'boolean');
      },
    ),
  );
});

/** CPU time, since other work shares the machine; the bounds are ten times what it takes and a thousandth of what backtracking takes. */
function cpuMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

test('rules made to be slow are not: sixty wildcards, thousands of them, long repetitions', () => {
  const url = `http://h/${'a'.repeat(8000)}`;
  const sixty = parseRobots(
    `${us}\nDisallow: /${'*a'.repeat(60)}b$\nDisallow: /${'a*'.repeat(60)}b`,
    'drover',
  );
  assert.equal(sixty.allows(url).allowed, true);
  assert.ok(cpuMs(() => sixty.allows(url)) < 10);
  for (const literal of ['aaab', `${'a'.repeat(49)}b${'a'.repeat(250)}`, `${'a'.repeat(1999)}b`]) {
    const line = `Disallow: /*${literal}*b\n`;
    const rules = parseRobots(`${us}\n${line.repeat(limit / line.length)}`, 'drover');
    assert.ok(cpuMs(() => rules.allows(url)) < 150);
  }
});

test('sixty wildcards are matched in less than 10 ms against paths that make a matcher go back and forth', () => {
  for (const [literal, end, path, rest] of [
    ['a', 'b', 'a'.repeat(7990), 'b'],
    ['a', '*b$', 'a'.repeat(7990), 'xb'],
    ['ab', '$', `${'ab'.repeat(3990)}a`, 'b'],
    [`${'a'.repeat(40)}b`, 'c$', `${'a'.repeat(130)}b`.repeat(61), 'c'],
    ['a?a', '*b', 'a?a'.repeat(2600), 'xb'],
    ['', 'b$', 'a'.repeat(7990), 'b'],
    ['%61%C3', '*%C3b', '%61%C3'.repeat(1300), '%c3b'],
  ] as const) {
    const pattern = compilePattern(`/${`*${literal}`.repeat(60)}${end}`);
    const [misses, matching] = [comparablePath(`/${path}`), comparablePath(`/${path}${rest}`)];
    assert.deepEqual([matches(pattern, misses), matches(pattern, matching)], [false, true], literal + end);
    assert.ok(cpuMs(() => matches(pattern, misses)) < 10, literal + end);
  }
});

test('too many wildcards for a long path refuse rather too much, and judge a short one exactly', () => {
  const wildcards = Array.from(
    { length: 10_000 },
    (_, index) => `Disallow: /a*${index}x\nAllow: /b*${index}y`,
  );
  const rules = parseRobots([us, ...wildcards, 'Disallow: /b', 'Disallow: /c$'].join('\n'), 'drover');
  const long = 'z'.repeat(4000);
  const paths = ['/a-', '/a-77x', '/b-77y', '/b-', `/a${long}`, `/b${long}77y`, `/c${long}`, `/d${long}77x`];
  assert.deepEqual(
    paths.map((path) => rules.allows(`http://h${path}`).allowed),
    [true, false, true, false, false, false, true, true],
  );
});

test('whose groups are obeyed is told: those that name the crawler before those for all', () => {
  const groupOf = (text: string) => parseRobots(text, 'Drover/1.0').group;
  assert.equal(groupOf('User-agent: *\nDisallow: /\nUser-agent: DROVER\n'), 'drover');
  assert.equal(groupOf('User-agent: *\nDisallow: /\nUser-agent: other\nDisallow: /\n'), '*');
  assert.equal(groupOf('User-agent: other\nDisallow: /\n'), null);
  assert.equal(groupOf(''), null);
});
