// The form that purges dead letters. It asks for confirmation and exports the letters first unless the user
// says otherwise.
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
    hint: 'The export goes to a file in the server’s data directory. Without it, the letters are lost.',
  });
  countMatching(app, filter)
    .then((matching) => fill(number, `${counted(matching, 'letter')} will be deleted.`))
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

/** Number of dead letters that match the filter. */
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
    submit: 'OK',
    onSubmit: async () => undefined,
  });
}
