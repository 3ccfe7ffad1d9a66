// Form fields with label, hint and error message.
import { fill, h } from './element.js';
import { visible } from './text.js';

let lastId = 0;

/**
 * Makes a field with a label. `kind` is a type of input, 'area' or 'choice' (with `options` as [value,
 * label]).
 * @param {{name: string, label: string, kind?: string, hint?: string, value?: any, options?: [string,
 * string][]} & Record<string, any>} options
 */
export function field({ name, label, kind = 'text', hint, value, options = [], ...attributes }) {
  const id = `field-${++lastId}`;
  const note = h('p', { class: 'hint', id: `${id}-hint` }, hint ?? null);
  const fault = h('p', { class: 'fault', id: `${id}-fault`, role: 'alert' });
  const common = { id, name, 'aria-describedby': `${id}-hint ${id}-fault`, ...attributes };
  const input = inputOf(kind, common, value, options);
  const isCheck = kind === 'checkbox';
  const node = h(
    'div',
    { class: isCheck ? 'field check' : 'field' },
    isCheck ? input : null,
    h('label', { for: id }, label),
    isCheck ? null : input,
    note,
    fault,
  );
  return {
    node,
    input,
    name,
    /** The trimmed text of the field; null when it is empty. */
    get text() {
      return input.value.trim() === '' ? null : input.value.trim();
    },
    get number() {
      return this.text === null ? null : Number(this.text);
    },
    fault(text) {
      fill(fault, text ? visible(text) : null);
      if (text) input.setAttribute('aria-invalid', 'true');
      else input.removeAttribute('aria-invalid');
    },
  };
}

function inputOf(kind, common, value, options) {
  if (kind === 'area') {
    const area = h('textarea', { rows: 3, spellcheck: 'false', ...common });
    area.value = value ?? '';
    return area;
  }
  if (kind === 'choice') {
    const choices = options.map(([key, label]) =>
      h('option', { value: key, selected: key === value }, label),
    );
    return h('select', common, ...choices);
  }
  if (kind === 'checkbox') return h('input', { type: kind, ...common, checked: Boolean(value) });
  const input = h('input', { type: kind, autocomplete: 'off', spellcheck: 'false', ...common });
  if (value !== undefined && value !== null) input.value = String(value);
  return input;
}

/**
 * Shows the message of a problem beside the field that it names. Returns false when it names none of these
 * fields.
 */
export function showFault(fields, problem) {
  for (const one of fields) one.fault('');
  const parts = (problem?.field ?? '').split('.');
  const at = fields.find(({ name }) => parts.includes(name));
  if (!at) return false;
  at.fault(problem.message);
  at.input.focus();
  return true;
}
