// The form that replays dead letters: how many match, whether to try a few first, and settings for this
// replay.
import { createCallKey } from '../../api.js';
import { openDialog } from '../../dialog.js';
import { fill, h } from '../../element.js';
import { field } from '../../form.js';
import { Problem, problemBox } from '../../problem.js';
import { counted, visible } from '../../text.js';
import { wordsOfFilter } from './filters.js';

const CANARY = 10;
const number = { kind: 'number', inputmode: 'numeric', min: 1, placeholder: 'as before' };

/** @param {{filter: Record<string, any>, isCanary: boolean}} options */
export function openReplayForm(app, { filter, isCanary }) {
  const fields = fieldsOf(isCanary);
  const matching = h('p', { role: 'status' }, 'Counting…');
  app.api
    .post('/v1/dead/replay', { filter, dryRun: true })
    .then((answer) => fill(matching, `${counted(answer.matching, 'letter')} will be tried again.`))
    .catch((error) => fill(matching, problemBox(error)));
  const keyFor = createCallKey();
  const { canary, rate, attempts, request, delayMs, headerName, headerValue } = fields;
  openDialog({
    title: isCanary ? 'Replay, a canary first' : 'Replay',
    fields: Object.values(fields),
    children: [
      h('p', { class: 'url' }, visible(wordsOfFilter(filter))),
      matching,
      h('div', { class: 'grid' }, canary.node, rate.node),
      h(
        'details',
        {},
        h('summary', {}, 'Different settings for this replay'),
        h(
          'div',
          { class: 'grid' },
          ...[attempts, request, delayMs, headerName, headerValue].map(({ node }) => node),
        ),
      ),
    ],
    submit: 'Replay',
    async onSubmit() {
      const body = bodyOf(filter, fields);
      const { runs, matching: taken } = await app.api.post('/v1/dead/replay', body, keyFor(body));
      const known = (app.store.get('replays') ?? []).filter(({ id }) => !runs.some((run) => run.id === id));
      app.store.set('replays', [...runs, ...known]);
      app.say(`${counted(taken, 'letter')} are being replayed`);
    },
  });
}

function fieldsOf(isCanary) {
  return {
    canary: field({
      ...number,
      name: 'canary',
      label: 'Canary',
      value: isCanary ? CANARY : 0,
      min: 0,
      hint: 'Letters of each group to try first; 0: all at once.',
    }),
    rate: field({
      ...number,
      name: 'rate',
      label: 'Needed to continue, %',
      value: 80,
      min: 0,
      max: 100,
      hint: 'Share of the canary that must be recorded. Below it, the replay stops.',
    }),
    attempts: field({ ...number, name: 'attempts', label: 'Attempts' }),
    request: field({ ...number, name: 'request', label: 'Time limit of the whole request, ms' }),
    delayMs: field({
      ...number,
      name: 'delayMs',
      label: 'Delay, ms',
      hint: 'Least time between two starts at the host.',
    }),
    headerName: field({ name: 'headerName', label: 'Header', placeholder: 'user-agent' }),
    headerValue: field({ name: 'headerValue', label: 'Header value' }),
  };
}

function bodyOf(filter, { canary, rate, attempts, request, delayMs, headerName, headerValue }) {
  if (headerValue.text && !headerName.text)
    throw new Problem({ detail: 'Give the name of the header.', field: 'headerName' });
  const overrides = {
    ...(attempts.number === null ? {} : { attempts: attempts.number }),
    ...(request.number === null ? {} : { timeouts: { request: request.number } }),
    ...(delayMs.number === null ? {} : { delayMs: delayMs.number }),
    ...(headerName.text ? { headers: { [headerName.text]: headerValue.text ?? '' } } : {}),
  };
  return {
    filter,
    canary: canary.number ?? 0,
    rate: (rate.number ?? 0) / 100,
    ...(Object.keys(overrides).length ? { overrides } : {}),
  };
}
