// The button that switches between light, dark and the system's colour scheme. The choice is kept in the
// browser.
import { h, setText } from './element.js';

const KEY = 'drover-theme';
const next = { auto: 'light', light: 'dark', dark: 'auto' };
const labels = { auto: 'Auto', light: 'Light', dark: 'Dark' };
const signs = { auto: '◐', light: '○', dark: '●' };

/** @param {() => void} onChange called whenever the colours change, by the button or by the system. */
export function themeButton(onChange) {
  const root = document.documentElement;
  const button = h('button', { type: 'button', class: 'ghost theme' });
  const show = () => {
    const theme = root.dataset.theme;
    setText(button, `${signs[theme] ?? signs.auto} ${labels[theme] ?? labels.auto}`);
    button.setAttribute('aria-label', `Colours: ${labels[theme] ?? labels.auto}. Change`);
    button.title = 'Colours: auto, light, dark';
  };
  button.addEventListener('click', () => {
    root.dataset.theme = next[root.dataset.theme] ?? 'light';
    localStorage.setItem(KEY, root.dataset.theme);
    show();
    onChange();
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange);
  show();
  return button;
}
