// Pages that are written in odd ways, to be read by drover and by Chromium, and where drover differs on
// purpose.

/** Where drover differs, and what is then expected. The links are relative to the page. */
export interface Difference {
  /** Links that Chromium finds and drover does not. */
  drops?: readonly string[];
  /** Links that drover finds and Chromium does not. */
  adds?: readonly string[];
  /** The title that drover finds. */
  title?: string;
  /** Why it differs. */
  because: string;
}

/** What is odd; the header's lines; the bytes of the body as Latin-1; the status line; the difference. */
export type OddPage = [
  what: string,
  header: readonly string[],
  body: string,
  status?: string,
  differs?: Difference,
];

const HTML = 'Content-Type: text/html';
const OK = '200 OK';

// biome-ignore format: one line a page
export const oddPages: readonly OddPage[] = [
  ['uppercase everything', ['Content-Type: TEXT/HTML; CHARSET=UTF-8'], '<HTML><HEAD><TITLE>\xc3\x9cn\xc3\xaf</TITLE></HEAD><BODY><A HREF=/A>x</A><A HREF=/\xc3\xbc>y</A>'],
  ['no head at all', [HTML], '<a href=one>1</a><a href=two>2</a>'],
  ['unclosed title', [HTML], '<title>never closed <a href=/x>y</a>'],
  ['title in svg first', [HTML], '<svg><title>not this</title></svg><title>this</title><a href=/q>q</a>'],
  ['two titles', [HTML], '<title>first</title><title>second</title><a href=/q>q</a>'],
  ['empty title then title', [HTML], '<title></title><title>second</title>'],
  ['comment with links', [HTML], '<!-- <a href=/no>n</a> --><a href=/yes>y</a><!--> <a href=/y2>y</a> --><!---> <a href=/y3>z</a>--!><a href=/y4>z</a>'],
  ['comment ended by --!>', [HTML], '<!-- a --!><a href=/yes>y</a>'],
  ['script with </script in string', [HTML], '<script>var a="<a href=/no>";</script><a href=/yes>y</a><script><!-- <script> <a href=/n2> </script> <a href=/n3> --></script><a href=/y2>y</a>'],
  ['style and textarea and xmp', [HTML], '<style><a href=/n1></style><textarea><a href=/n2></textarea><xmp><a href=/n3></xmp><noembed><a href=/n5></noembed><noframes><a href=/n6></noframes><a href=/y>y</a>'],
  ['plaintext', [HTML], '<a href=/y>y</a><plaintext><a href=/n>n</a>'],
  ['noscript in body', [HTML], '<noscript><a href=/y>y</a></noscript>'],
  ['template', [HTML], '<template><a href=/t>n</a></template><a href=/y>y</a>'],
  ['select with a', [HTML], '<select><option><a href=/s>n</a></select><a href=/y>y</a>'],
  ['attribute without quotes with slash', [HTML], '<a href=/a/b/>y</a><a href=/c/ /><a/href=/d>d</a><a href= /e >e</a>'],
  ['duplicate href', [HTML], '<a href=/1 href=/2>y</a>'],
  ['quotes missing close', [HTML], '<a href="/a>y</a><a href="/b">b</a><a href=/c>c</a>'],
  ['entities in href', [HTML], '<a href="/?a=1&amp;b=2&copy=3&copy;=4&notit;=5&#x41;&#65&#0;&#x80;&#xD800;&#x110000;">y</a>', OK, { drops: ['/?a=1&b=2&copy=3%A9=4&notit;=5AA%26%2365533%3B%80%26%2365533%3B%26%2365533%3B'], adds: ['/?a=1&b=2&copy=3%C2%A9=4&notit;=5AA%EF%BF%BD%E2%82%AC%EF%BF%BD%EF%BF%BD'], because: 'a page of ASCII alone that names no character set counts as UTF-8, not windows-1252' }],
  ['entities without semicolon', [HTML], '<a href="/?x&ampy&lt=3&ltq&gt;&amp">y</a><title>a&ampb &notit; &copy2 &hearts; &nbsp;x</title>'],
  ['newline and tab in href', [HTML], '<a href="  /a\n/b\t/c  ">y</a><a href="ht\ntp://127.0.0.1/x">z</a>'],
  ['backslashes', [HTML], '<a href="\\a\\b">y</a><a href="\\\\other.example\\x">z</a><a href="/x?a\\b#c\\d">q</a>'],
  ['dot segments', [HTML], '<a href="../../x">1</a><a href="./%2e%2E/y">2</a><a href="/a/.%2e/b">3</a><a href="/a/b/..">4</a><a href="//127.0.0.1:PORT//x//y">5</a>'],
  ['odd hosts', [HTML], '<a href="http://EXAMPLE.com:80/">1</a><a href="http://0x7f.1/">2</a><a href="http://2130706433/">3</a><a href="http://b\xc3\xbccher.example/">4</a><a href="http://exa%6dple.com/">5</a><a href="http://a b/">6</a><a href="http://[::1]/">7</a><a href="http://foo_bar.example/">8</a><a href="http://example.com./">9</a>', OK, { drops: ['http://xn--bcher-rwa74f.example/'], adds: ['http://xn--bcher-kva.example/'], because: 'Chromium guesses another encoding from the bytes; these are UTF-8' }],
  ['other schemes', [HTML], '<a href="mailto:a@b">1</a><a href="javascript:x">2</a><a href="data:text/html,x">3</a><a href="ftp://x/y">4</a><a href="tel:1">5</a><a href="HTTP:/z">6</a><a href="http:z2">7</a><a href="https:z">8</a><a href="//">9</a><a href="http://">10</a>'],
  ['query only and fragment only', [HTML], '<a href="?q">1</a><a href="#f">2</a><a href="">3</a><a href="?">4</a><a href>5</a>', OK, { drops: ['?'], because: 'an empty query is the same page' }],
  ['base relative', [HTML], '<base href="sub/"><a href="x">1</a><base href="/other/"><a href="/y">2</a>'],
  ['base after link', [HTML], '<a href="x">1</a><base href="/late/"><a href="y">2</a>'],
  ['base in body', [HTML], '<body><p>t<base href="/b/"><a href="y">2</a>'],
  ['base with target only first', [HTML], '<base target=_blank><base href="/b/"><a href="y">2</a>'],
  ['base invalid', [HTML], '<base href="http://a b/"><base href="/c/"><a href="y">2</a>', OK, { adds: ['y'], because: 'a base that is no URL is ignored, as the HTML standard says' }],
  ['area and map', [HTML], '<map name=m><area href=/a><area shape=default nohref></map><a href=/b>b</a>'],
  ['svg a', [HTML], '<svg><a href="/s1"><text>x</text></a><a xlink:href="/s2"><text>y</text></a></svg><math><a href="/m1">y</a><mi href="/m2">x</mi></math>', OK, { adds: ['/m1'], because: 'an a of MathML leads somewhere for other readers' }],
  ['svg breakout', [HTML], '<svg><desc><a href=/d>d</a></desc><p><a href=/p>p</a></svg><a href=/q>q</a>'],
  ['svg cdata', [HTML], '<svg><![CDATA[<a href=/no>]]></svg><![CDATA[<a href=/yes>x</a>]]><a href=/q>q</a>'],
  ['foreignObject', [HTML], '<svg><foreignObject><a href=/f>f</a><style><a href=/n></style></foreignObject><style><a href="/s">x</a></style></svg>'],
  ['processing instruction', [HTML], '<?php echo "<a href=/no>"; ?><a href=/yes>y</a>'],
  ['bogus end tags', [HTML], '</><a href=/1>1</a></ a><a href=/2>2</a></a href=/3><a href=/4>4</a><//a><a href=/5>x</a>'],
  ['lt in text', [HTML], '1 < 2 <a href=/1>1</a> <3 <a href=/2>2</a> <=> <a href=/3>3</a>'],
  ['nested a', [HTML], '<a href=/1>1<a href=/2>2</a></a>'],
  ['formfeed separators', [HTML], '<a\fhref=/1>1</a><a\nhref\n=\n/2>2</a><a\vhref=/3>3</a>'],
  ['meta refresh forms', [HTML], '<meta http-equiv=refresh content="999;/r1"><a href=/a>a</a>', OK, { adds: ['/r1'], because: 'the target of a refresh is a link for a crawler' }],
  ['utf-8 bom with other charset', ['Content-Type: text/html; charset=iso-8859-1'], '\xef\xbb\xbf<title>\xc3\xa9</title><a href="/\xc3\xa9">1</a>'],
  ['utf-16le bom', [HTML], '\xff\xfe<\x00t\x00i\x00t\x00l\x00e\x00>\x00\xe9\x00\xac <\x00/\x00t\x00i\x00t\x00l\x00e\x00>\x00<\x00a\x00 \x00h\x00r\x00e\x00f\x00=\x00"\x00/\x00\xe9\x00?\x00\xe9\x00"\x00>\x001\x00<\x00/\x00a\x00>\x00'],
  ['utf-16be header', ['Content-Type: text/html; charset=utf-16be'], '\x00<\x00t\x00i\x00t\x00l\x00e\x00>\x00\xe9 \xac\x00<\x00/\x00t\x00i\x00t\x00l\x00e\x00>\x00<\x00a\x00 \x00h\x00r\x00e\x00f\x00=\x00"\x00/\x00\xe9\x00?\x00\xe9\x00"\x00>\x001\x00<\x00/\x00a\x00>'],
  ['meta utf-16 means utf-8', [HTML], '<meta charset=utf-16><title>\xc3\xa9</title><a href="/\xc3\xa9?\xc3\xa9">1</a>'],
  ['meta x-user-defined', [HTML], '<meta charset=x-user-defined><title>\xe9</title>'],
  ['charset label alias', ['Content-Type: text/html; charset=latin1'], '<title>\x80\xe9</title><a href="/\xe9">1</a>'],
  ['charset quoted', ['Content-Type: text/html; charset="windows-1251"'], '<title>\xcf\xf0</title>'],
  ['charset single quoted', ['Content-Type: text/html; charset=\'windows-1251\''], '<title>\xcf\xf0</title>'],
  ['charset unknown then meta', ['Content-Type: text/html; charset=foo'], '<meta charset=windows-1251><title>\xcf\xf0</title>'],
  ['charset twice in header', ['Content-Type: text/html; charset=utf-8; charset=windows-1251'], '<title>\xc3\xa9</title>'],
  ['shift_jis meta', [HTML], '<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS"><title>\x93\xfa\x96{</title>'],
  ['gb18030', ['Content-Type: text/html; charset=gb2312'], '<title>\xc4\xe3\xba\xc3</title>'],
  ['iso-2022-jp', ['Content-Type: text/html; charset=iso-2022-jp'], '<title>\x1b$BF|K\\\x1b(B</title>'],
  ['meta content before http-equiv', [HTML], '<meta content="text/html; charset=windows-1251" http-equiv=content-type><title>\xcf\xf0</title>'],
  ['meta charset in comment', [HTML], '<!-- <meta charset=windows-1251> --><meta charset=koi8-r><title>\xcf\xf0</title>'],
  ['meta charset in script', [HTML], '<script>"<meta charset=windows-1251>"</script><title>\xcf\xf0</title>'],
  ['xml declaration in html', [HTML], '<?xml version="1.0" encoding="windows-1251"?><title>\xcf\xf0</title>'],
  ['no content type, html', [], '<!doctype html><title>sniffed</title><a href=/1>1</a>'],
  ['no content type, text', [], 'just text <a href=/1>1</a>'],
  ['no type, white space before html', [], ' \n\t<html><title>s</title><a href=/1>1</a>'],
  ['no content type, comment', [], '<!-- c --><a href=/1>1</a>'],
  ['text/plain with html', ['Content-Type: text/plain'], '<!doctype html><title>no</title><a href=/1>1</a>'],
  ['content type empty', ['Content-Type:'], '<!doctype html><title>sniffed</title><a href=/1>1</a>'],
  ['content type with params only', ['Content-Type: ;charset=utf-8'], '<!doctype html><title>s\xc3\xa9</title><a href=/1>1</a>', OK, { title: 's\xe9', because: 'its charset is the best that is known of it' }],
  ['xhtml entities', ['Content-Type: application/xhtml+xml'], '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd"><html xmlns="http://www.w3.org/1999/xhtml"><head><title>a&eacute;&nbsp;b</title></head><body><a href="/1?a=1&amp;b">1</a></body></html>'],
  ['nul in text and name', [HTML], '<title>a\x00b</title><a\x00 href=/n>n</a><a href="/x\x00y">1</a>'],
  ['body of 404', [HTML], '<title>nf</title><a href=/nf>x</a>', '404 Not Found'],
  ['body of 500-less 410', [HTML], '<title>gone</title>', '410 Gone'],
  ['206 unasked', [HTML, 'Content-Range: bytes 0-9/100'], '<title>part</title><a href=/p>p</a>', '206 Partial Content'],
  ['203', [HTML], '<title>t</title><a href=/203>p</a>', '203 Non-Authoritative Information'],
  ['299', [HTML], '<title>t</title><a href=/299>p</a>', '299 Odd'],
  ['empty reason', [HTML], '<title>t</title><a href=/er>p</a>', '200 '],
  ['link header preload and next', [HTML, 'Link: </n>; rel=next, </p>; rel="prev"'], '<title>t</title><a href=/l>p</a>', OK, { adds: ['/n'], because: 'links of the header lead on too' }],
  ['rel variants', [HTML], '<link rel="NEXT" href=/next><link rel="alternate nofollow" hreflang=de href=/nf><link rel="alternate" hreflang=de href=/de><link rel="stylesheet next" href=/sn><a rel="ugc NoFollow" href=/no>x</a><a rel="nofollowx" href=/yes>y</a>'],
  ['windows newline in attr', [HTML], '<a href="/a\r\nb">1</a><title>a\r\n b</title>'],
  ['percent oddities', [HTML], '<a href="/%">1</a><a href="/%zz">2</a><a href="/%e4">3</a><a href="/a b?c d#e f">4</a><a href="/a|b^c`d{e}?f|g^h`i{j}\'k&quot;l<m">5</a>', OK, { drops: ['/%e4', '/a%7Cb%5Ec%60d%7Be%7D?f|g^h`i{j}%27k%22l%3Cm'], adds: ['/%E4', '/a|b%5Ec%60d%7Be%7D?f|g^h`i{j}%27k%22l%3Cm'], because: 'escapes are upper case, and the URL standard leaves the bar in a path' }],
  ['emoji and astral', ['Content-Type: text/html; charset=utf-8'], '<title>\xf0\x9f\x98\x80 &#128512; &#x1F600</title><a href="/\xf0\x9f\x98\x80?\xf0\x9f\x98\x80">1</a>'],
  ['iframe srcdoc', [HTML], '<iframe srcdoc="&lt;a href=/no&gt;" src=/fr></iframe><a href=/y>y</a>'],
  ['frameset', [HTML], '<frameset><frame src=/f1><frame src=/f2><noframes><a href=/nf>x</a></noframes></frameset>'],
  ['table foster', [HTML], '<table><a href=/1>1</a><tr><a href=/2>2</a><td><a href=/3>3</a></table>'],
  ['button form action', [HTML], '<form action=/form><button formaction=/fa>x</button></form><a href=/y ping=/ping>y</a>'],
  ['image tag', [HTML], '<image href=/i><img src=/i2 longdesc=/ld><object data=/o></object><embed src=/e><a href=/y>y</a>'],
  ['attribute names odd', [HTML], '<a "href=/n>1</a><a =href=/n2>2</a><a HrEf=/y>3</a><a xhref=/n3 data-href=/n4>4</a><a href\x00=/n5>5</a>'],
  ['p self closing a', [HTML], '<a href="/1"/><a href=\'/2\'/>x<br/><a href=/3/>z</a>'],
];
