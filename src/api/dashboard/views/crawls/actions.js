// Actions on a crawl: pause, resume, cancel, download the records.
import { actionButton, menu } from '../../button.js';
import { confirmDialog } from '../../dialog.js';
import { h } from '../../element.js';
import { visible } from '../../text.js';

/** Buttons for a table row or a page head; `update(view)` shows those that fit the crawl's state. */
export function crawlActions(app, { crawl, name }, problems) {
  const path = `/v1/crawls/${encodeURIComponent(crawl)}`;
  const shown = visible(name);
  const save = (label, accept, ending) =>
    actionButton(label, {
      problems,
      name: `Records of ${shown} as ${label}`,
      run: () => app.api.save(`${path}/records`, accept, `${crawl}.${ending}`),
    });
  const records = menu(
    'Records',
    [save('NDJSON', 'application/x-ndjson', 'ndjson'), save('CSV', 'text/csv', 'csv')],
    `Records of ${shown}`,
  );
  if (!app.canWrite()) return { node: h('div', { class: 'buttons' }, records), update() {} };

  const steer = (label, verb, done) =>
    actionButton(label, {
      problems,
      name: `${label} ${shown}`,
      async run() {
        took(await app.api.post(`${path}/${verb}`));
        app.say(`${shown} ${done}`);
      },
    });
  const took = (view) => {
    const crawls = (app.store.get('crawls') ?? []).map((one) =>
      one.crawl === crawl ? { ...one, ...view } : one,
    );
    app.store.set('crawls', crawls);
  };
  const pause = steer('Pause', 'pause', 'paused');
  const resume = steer('Resume', 'resume', 'resumed');
  const cancel = h('button', { type: 'button', class: 'danger', 'aria-label': `Cancel ${shown}` }, 'Cancel…');
  cancel.addEventListener('click', () =>
    confirmDialog({
      title: `Cancel ${shown}?`,
      text: 'Its waiting requests are dropped for good. Its records and dead letters are kept.',
      submit: 'Cancel the crawl',
      async onSubmit() {
        took(await app.api.delete(path));
        app.say(`${shown} cancelled`);
      },
    }),
  );
  return {
    node: h('div', { class: 'buttons' }, pause, resume, cancel, records),
    update({ state }) {
      pause.hidden = state !== 'running';
      resume.hidden = state !== 'paused';
      cancel.hidden = state !== 'running' && state !== 'paused';
    },
  };
}
