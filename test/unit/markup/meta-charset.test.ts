// The character set that a page names itself, wherever it does.
import assert from 'node:assert/strict';
import test from 'node:test';
import { metaCharset } from '../../../src/markup/meta-charset.ts';

const far = `<!--${'x'.repeat(2000)}-->`;
const fake = '<meta charset=koi8-r>';
const meta = '<meta charset=windows-1251>';

// biome-ignore format: one line a row
const rows: [page: string, charset: string | null][] = [
  [meta, 'windows-1251'],
  [`${far}${meta}`, 'windows-1251'],
  [`${far}<META CHARSET = " cp1251 ">`, 'windows-1251'],
  [`${far}<meta http-equiv=Content-Type content="text/html; charset=Shift_JIS">`, 'shift_jis'],
  [`${far}<meta content='text/html;charset="gb2312"' http-equiv=content-type>`, 'gbk'],
  [`${far}<meta content="charset; charset = euc-jp;x" http-equiv=content-type>`, 'euc-jp'],
  [`${far}<body><p>text</p>${meta}`, 'windows-1251'],
  [`${'x'.repeat(1010)}${meta}`, 'windows-1251'],
  [`<!-- ${fake} -->${far}${meta}`, 'windows-1251'],
  [`<script>"${fake}"</script>${far}${meta}`, 'windows-1251'],
  [`${far}<script>"${fake}"</script>${meta}`, 'windows-1251'],
  [`${far}<textarea>${fake}</textarea><title>${fake}</title><style>${fake}</style>${meta}`, 'windows-1251'],
  [`${far}<p title="${fake}">${meta}`, 'windows-1251'],
  [`${far}<meta charset=nonsense>${meta}`, 'windows-1251'],
  [`${far}<meta name=charset content=koi8-r>${meta}`, 'windows-1251'],
  [`${far}<meta content="text/html; charset=koi8-r">${meta}`, 'windows-1251'],
  [`${far}<meta charset=utf-16>`, 'utf-8'],
  [`${far}<meta charset=x-user-defined>`, 'windows-1252'],
  [`${far}${fake}${meta}`, 'koi8-r'],
  [`${far}<p>charset`, null],
  [`${far}<meta charset=koi8-r`, null],
  ['', null],
];

for (const [page, charset] of rows)
  test(`${page.replace(far, '… ').replace(/x{100,}/, '… ')}: ${charset}`, () => {
    assert.equal(metaCharset(Buffer.from(page, 'latin1')), charset);
  });
