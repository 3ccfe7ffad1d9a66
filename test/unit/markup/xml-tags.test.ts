// The tags of XHTML, and that a page made to take long takes linear work.
import assert from 'node:assert/strict';
import test from 'node:test';
import { hasXhtmlRoot } from '../../../src/markup/xml-tags.ts';
import { readPage } from '../../../src/page/links.ts';

const root = '<html xmlns="http://www.w3.org/1999/xhtml">';
const pathsOf = (xml: string) =>
  readPage(xml, 'http://h/', {}, { xhtml: true }).links.map((link) => link.slice('http://h'.length));

// biome-ignore format: one line a row
const rows: [xml: string, paths: string[]][] = [
  [`${root}<!DOCTYPE [ > ] ><a href="/x"/>`, ['/x']],
  [`<!DOCTYPE html [<!ENTITY e "]>"> <!-- ]> --> ]>${root}<a href="/&e;"/><a href="/x"/>`, ['/x']],
  [`<?xml version="1.0"?><?a <a href="/1"/>?>${root}<a href="/&amp;&eacute;&#47;"/>`, ['/&%C3%A9/']],
  [`${root}<p xmlns=""><a href="/1"/></p><a href="/x"/>`, ['/x']],
  [`${root}<b:a xmlns:b="http://www.w3.org/1999/xhtml" href="/x"/><b:a href="/1"/>`, ['/x']],
  [`${root}</p></p></html></html><a href="/1"/>`, []],
  [`${root}<!-- <a href="/1"/> --><![CDATA[<a href="/2"/>]]><a href="/x"`, []],
  ['', []],
];

for (const [xml, paths] of rows)
  test(`the links of ${xml.replace(root, '…')}: ${paths.join(' ')}`, () =>
    assert.deepEqual(pathsOf(xml), paths));

test('the namespace of the root says whether XML is a page', () => {
  for (const xml of [
    root,
    `<?xml?><!-- x -->\n<!DOCTYPE html>${root}`,
    '<h:p xmlns:h="http://www.w3.org/1999/xhtml"/>',
  ])
    assert.ok(hasXhtmlRoot(xml), xml);
  for (const xml of ['', 'x', '<html>', '<rss xmlns:h="http://www.w3.org/1999/xhtml"/>', `<a/>${root}`])
    assert.ok(!hasXhtmlRoot(xml), xml);
});
