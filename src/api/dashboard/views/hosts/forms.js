// The forms that set a host's limits and pause it.
import { openDialog } from '../../dialog.js';
import { h } from '../../element.js';
import { field } from '../../form.js';
import { visible } from '../../text.js';

const number = { kind: 'number', inputmode: 'numeric', min: 1, placeholder: 'not set' };

/** Opens the form for a host's limits. An empty field removes the limit. */
export function openLimitsForm(app, { key, set }, took) {
  const fields = [
    field({ ...number, name: 'concurrency', label: 'Fetches at once', value: set.concurrency }),
    field({
      ...number,
      name: 'delayMs',
      label: 'Delay, ms',
      value: set.delayMs,
      min: 0,
      hint: 'Least time between two starts.',
    }),
    field({ ...number, name: 'max', label: 'Most starts', value: set.max }),
    field({ ...number, name: 'durationMs', label: 'Within, ms', value: set.durationMs }),
  ];
  openDialog({
    title: `Limits of ${visible(key)}`,
    fields,
    children: [
      h(
        'p',
        { class: 'muted' },
        'These limits hold for the whole fleet, within a second, and override those of crawls. An empty field removes a limit.',
      ),
      h('div', { class: 'grid' }, ...fields.map(({ node }) => node)),
    ],
    submit: 'Set',
    async onSubmit() {
      const limits = Object.fromEntries(fields.map((one) => [one.name, one.number]));
      took(await app.api.patch(`/v1/hosts/${encodeURIComponent(key)}`, limits));
      app.say(`Limits of ${key} set`);
    },
  });
}

const minute = 60_000;
const times = [
  ['', 'until it is resumed'],
  [String(minute), '1 minute'],
  [String(10 * minute), '10 minutes'],
  [String(60 * minute), '1 hour'],
  [String(24 * 60 * minute), '1 day'],
];

export function openPauseForm(app, key, took) {
  const time = field({ name: 'durationMs', label: 'For', kind: 'choice', options: times });
  openDialog({
    title: `Pause ${visible(key)}`,
    fields: [time],
    children: [
      h(
        'p',
        { class: 'muted' },
        'No new fetch starts there in the whole fleet. Fetches in flight are completed.',
      ),
      time.node,
    ],
    submit: 'Pause',
    async onSubmit() {
      const body = time.number === null ? {} : { durationMs: time.number };
      took(await app.api.post(`/v1/hosts/${encodeURIComponent(key)}/pause`, body));
      app.say(`${key} paused`);
    },
  });
}
