// Buttons that call the API. A button is marked as busy during its call; a problem is shown in `problems`.
import { h } from './element.js';

/**
 * @param {string} label
 * @param {{run: () => Promise<any>, problems: {show(error: any): void, clear(): void}, class?: string, name?:
 * string}} options `name` is what a screen reader says instead of the label, where several buttons have the
 * same label.
 */
export function actionButton(label, { run, problems, class: kind, name }) {
  const button = h('button', { type: 'button', class: kind, 'aria-label': name }, label);
  button.addEventListener('click', async () => {
    if (button.getAttribute('aria-disabled') === 'true') return;
    // Not `disabled`, because a disabled button loses the focus.
    button.setAttribute('aria-disabled', 'true');
    problems.clear();
    try {
      await run();
    } catch (error) {
      problems.show(error);
    } finally {
      button.removeAttribute('aria-disabled');
    }
  });
  return button;
}

/** A menu of buttons. It closes on a choice, on Escape, and when focus or pointer move elsewhere. */
export function menu(label, buttons, name) {
  const summary = h('summary', { 'aria-label': name }, label);
  const node = h('details', { class: 'menu' }, summary, h('div', { class: 'menu-list' }, ...buttons));
  const close = () => {
    node.open = false;
  };
  for (const button of buttons) button.addEventListener('click', close);
  node.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !node.open) return;
    close();
    summary.focus();
  });
  node.addEventListener('focusout', (event) => {
    if (event.relatedTarget && !node.contains(event.relatedTarget)) close();
  });
  return node;
}

document.addEventListener('pointerdown', (event) => {
  for (const node of document.querySelectorAll('.menu[open]'))
    if (!node.contains(event.target)) node.open = false;
});
