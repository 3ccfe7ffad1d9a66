// Handlers whose items are hard to show: hostile text, many fields, long values, fields of odd names.
import { defineHandler } from '../../../src/handlers/define.ts';

export const HOSTILE = '<img src=x onerror=alert(1)>\u202Egnp.exe';
export const LONG = `The beginning. ${'A long description. '.repeat(80)}The end.`;

const product = defineHandler({
  name: 'product',
  match: { url: '/p/*' },
  follow: false,
  run({ page, emit }) {
    const number = Number(page.url.slice(page.url.lastIndexOf('/') + 1));
    emit({
      ...{ name: `Product ${number}`, price: number * 1.5, link: 'https://shop.example/x', tags: ['a', 'b'] },
      note: number % 2 === 0 ? HOSTILE : null,
      text: number % 3 === 0 ? LONG : 'short',
    });
    if (number === 1) emit({ constructor: 'own', '<b>field</b>': 1 });
  },
});

const wide = defineHandler({
  name: 'wide',
  match: { url: '/wide' },
  follow: false,
  run({ emit }) {
    emit(
      Object.fromEntries(
        Array.from({ length: 40 }, (_, at) => [`a_rather_long_field_${at}`, 'x'.repeat(at)]),
      ),
    );
    emit('no object');
  },
});

export default [product, wide];
