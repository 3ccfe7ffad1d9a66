// What of a page is followed, in words, with an example of each. A test reads the examples with readPage.

/** By the words for it. Its target is `/followed`. */
export const FOLLOWED: Readonly<Record<string, string>> = {
  '<a href>': '<a href="/followed">x</a>',
  '<area href>': '<map><area href="/followed"></map>',
  '<frame src>': '<frameset><frame src="/followed"></frameset>',
  '<iframe src>': '<iframe src="/followed"></iframe>',
  '<link rel=next>': '<link rel="next" href="/followed">',
  '<link rel=prev>': '<link rel="prev" href="/followed">',
  '<link rel=canonical>': '<link rel="canonical" href="/followed">',
  '<link rel=alternate hreflang>': '<link rel="alternate" hreflang="de" href="/followed">',
  '<meta http-equiv=refresh>': '<meta http-equiv="refresh" content="0; url=/followed">',
};
