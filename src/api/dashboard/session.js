// The dashboard's session: the form for a token where the server asks for one, and the sign-out button.
import { fill, h } from './element.js';
import { field, showFault } from './form.js';
import { problemBox } from './problem.js';

/** The form. `onDone` is called once the server has accepted the token. */
export function tokenForm(api, onDone) {
  const place = h('div', {});
  const token = field({
    name: 'token',
    label: 'Token',
    kind: 'password',
    hint: 'One of the tokens in DROVER_API_TOKEN of the server. With a read-only token you see everything and can change nothing.',
    required: true,
    autocomplete: 'current-password',
  });
  const form = h(
    'form',
    { class: 'card login', novalidate: true },
    h('h1', { tabindex: -1 }, 'Sign in'),
    h('p', { class: 'muted' }, 'This server asks for a token.'),
    token.node,
    place,
    h('div', {}, h('button', { type: 'submit', class: 'primary' }, 'Sign in')),
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    fill(place);
    try {
      await api.post('/v1/session', { token: token.input.value.trim() });
      onDone();
    } catch (error) {
      if (!showFault([token], error)) fill(place, problemBox(error));
    }
  });
  return form;
}

export function signOutButton(api, onDone) {
  const click = async () => {
    await api.delete('/v1/session').catch(() => undefined);
    onDone();
  };
  return h('button', { type: 'button', class: 'ghost', on: { click } }, 'Sign out');
}
