// The forms that change a host: its limits, a pause.
import { openDialog } from '../../dialog.js';
import { h } from '../../element.js';
import { field } from '../../form.js';
import { visible } from '../../text.js';

const number = { kind: 'number', inputmode: 'numeric', min: 1, placeholder: 'not set' };

/** An empty field takes its limit back. */
export function openLimitsForm(app, { key, set }, took) {
  const fields = [
    field({ ...number, name: 'concurrency', label: 'At once', value: set.concurrency }),
    field({
      ...number,
      name: 'delayMs',
      label: 'Delay, ms',
      value: set.delayMs,
      min: 0,
      hint: 'From start to start.',
    }),
    field({ ...number, name: 'max', label: 'Starts at most', value: set.max }),
    field({ ...number, name: 'durationMs', label: 'in so many ms', value: set.durationMs }),
  ];
  openDialog({
    title: `Limits of ${visible(key)}`,
    fields,
    children: [
      h(
        'p',
        { class: 'muted' },
        'For the whole fleet, within a second. They go before those of crawls; an empty field takes a limit back.',
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
      h('p', { class: 'muted' }, 'Nothing more starts there, in the whole fleet. What is in flight ends.'),
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
