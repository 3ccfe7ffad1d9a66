// Purging: asked for twice, exported first unless told otherwise.
import { queryOf } from '../../api.js';
import { openDialog } from '../../dialog.js';
import { fill, h } from '../../element.js';
import { field } from '../../form.js';
import { problemBox } from '../../problem.js';
import { counted, visible } from '../../text.js';
import { isFiltered, wordsOfFilter } from './filters.js';

export function openPurgeForm(app, filter) {
  const number = h('p', { role: 'status' }, 'Counting…');
  const isExported = field({
    name: 'export',
    label: 'Export them on the server first',
    kind: 'checkbox',
    value: true,
    hint: 'To a file in its data directory. Without it they are gone.',
  });
  countMatching(app, filter)
    .then((matching) => fill(number, `${counted(matching, 'letter')} would go.`))
    .catch((error) => fill(number, problemBox(error)));
  openDialog({
    title: 'Purge dead letters?',
    fields: [isExported],
    children: [h('p', {}, visible(wordsOfFilter(filter))), number, isExported.node],
    submit: 'Purge',
    isDangerous: true,
    close: 'Keep',
    async onSubmit() {
      const all = isFiltered(filter) ? null : 'true';
      const query = queryOf({ ...filter, all, export: String(isExported.input.checked) });
      const { purged, exportedTo } = await app.api.delete(`/v1/dead${query}`);
      showPurged(app, purged, exportedTo);
    },
  });
}

/** What a replay of the same filter would take. */
export async function countMatching(app, filter) {
  const { groups } = await app.api.get(`/v1/dead/summary${queryOf(filter)}`);
  return groups.reduce((sum, group) => sum + group.count, 0);
}

function showPurged(app, purged, exportedTo) {
  const text = `${counted(purged, 'letter')} purged.`;
  app.say(text);
  openDialog({
    title: text,
    children: [
      exportedTo
        ? h('p', {}, 'Exported to ', h('code', { class: 'wrap' }, visible(exportedTo)))
        : h('p', {}, 'Nothing was exported.'),
    ],
    submit: 'Good',
    onSubmit: async () => undefined,
  });
}
