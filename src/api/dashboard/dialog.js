// Dialogs over the page. Escape closes them, and the focus goes back to the element that had it before.
import { fill, h } from './element.js';
import { showFault } from './form.js';
import { problemBox } from './problem.js';

let lastId = 0;

/**
 * Opens a dialog with a form. It closes when `onSubmit` succeeds. When `onSubmit` throws, the dialog stays
 * open and shows the problem.
 * @param {{title: string, children: any[], fields?: any[], submit: string, isDangerous?: boolean, onSubmit:
 * () => Promise<any>, close?: string}} options
 */
export function openDialog({ title, children, fields = [], submit, isDangerous, onSubmit, close = 'Close' }) {
  const before = document.activeElement;
  const id = `dialog-${++lastId}`;
  const place = h('div', {});
  const button = h('button', { type: 'submit', class: isDangerous ? 'danger solid' : 'primary' }, submit);
  const closing = h('button', { type: 'button', on: { click: () => dialog.close() } }, close);
  const form = h(
    'form',
    { novalidate: true },
    h('h2', { id }, title),
    ...children,
    place,
    h('div', { class: 'dialog-actions' }, closing, button),
  );
  const dialog = h('dialog', { 'aria-labelledby': id }, form);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    fill(place);
    showFault(fields, null);
    try {
      await onSubmit();
      dialog.close();
    } catch (error) {
      if (!showFault(fields, error)) fill(place, problemBox(error));
    } finally {
      button.disabled = false;
    }
  });
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
    else document.querySelector('main')?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, close: () => dialog.close() };
}

/** Asks before an action that cannot be undone. */
export function confirmDialog({ title, text, submit, onSubmit, more = [] }) {
  return openDialog({
    title,
    children: [h('p', {}, text), ...more],
    submit,
    isDangerous: true,
    onSubmit,
    close: 'Keep',
  });
}
