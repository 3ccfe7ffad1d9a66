// Logs in by a form: fetches its page, fills it, sends it as a browser would.
import type { HandledPage } from '../page.ts';
import type { LoginArguments } from './define-login.ts';

/**
 * The form is the first with a field for a password, or else the first that has all the fields. Hidden fields
 * are sent as they are. Rejects with an Error when there is no such form, and when the answer is an error or
 * shows a form for a password again.
 */
export async function fillForm(
  fetch: LoginArguments['fetch'],
  url: string,
  fields: ReadonlyMap<string, string>,
): Promise<void> {
  const page = await fetch(url);
  if (page.status >= 400) throw new Error(`the login page ${page.url} answered with status ${page.status}`);
  const { action, data } = filled(page, fields);
  const answer = await fetch(action, {
    method: 'POST',
    body: data.toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...{ origin: action.origin, referer: page.url },
    },
  });
  if (answer.status >= 400) throw new Error(`the login form was answered with status ${answer.status}`);
  if (isHtml(answer) && answer.$(PASSWORD).length > 0)
    throw new Error(`after the login form was sent, ${answer.url} asks for a password again`);
}

const PASSWORD = 'input[type="password" i]';

function filled(page: HandledPage, fields: ReadonlyMap<string, string>) {
  const { $ } = page;
  const forms = $('form').toArray();
  const names = [...fields.keys()];
  const namesIn = (form: (typeof forms)[number]) =>
    new Set(
      $(form)
        .find('[name]')
        .toArray()
        .map((field) => $(field).attr('name')),
    );
  const form =
    forms.find((each) => $(each).find(PASSWORD).length > 0) ??
    forms.find((each) => names.every((name) => namesIn(each).has(name)));
  if (form === undefined) throw new Error(`the login page ${page.url} has no form`);
  const known = namesIn(form);
  const missing = names.filter((name) => !known.has(name));
  if (missing.length > 0)
    throw new Error(
      `the form at ${page.url} has no field ${missing.join(', ')}; it has ${[...known].join(', ')}`.slice(
        0,
        300,
      ),
    );
  const data = new URLSearchParams();
  for (const input of $(form).find('input[name]').toArray()) {
    const name = $(input).attr('name') ?? '';
    const type = ($(input).attr('type') ?? 'text').toLowerCase();
    const isSent = !['submit', 'button', 'image', 'reset', 'file'].includes(type);
    const isOn = !['checkbox', 'radio'].includes(type) || $(input).attr('checked') !== undefined;
    if (!fields.has(name) && isSent && isOn) data.append(name, $(input).attr('value') ?? '');
  }
  for (const [name, value] of fields) data.set(name, value);
  const action = new URL($(form).attr('action') || page.url, page.url);
  if (action.protocol !== 'https:' && new URL(page.url).protocol === 'https:')
    throw new Error(`the form at ${page.url} would send its fields without TLS`);
  if ($(form).attr('method')?.toUpperCase() !== 'POST')
    throw new Error(`the form at ${page.url} would send its fields in a URL, which logs keep; use --login`);
  return { action, data };
}

function isHtml({ headers }: HandledPage): boolean {
  return /html/i.test(headers['content-type'] ?? 'text/html');
}
