// The pages of the demonstration site: a small museum that does not exist, the same in every run.

export interface Page {
  title: string;
  /** HTML of the body. */
  body: string;
}

/** Eight rooms. Each holds one object for every pair of a material and a thing. */
const rooms: Record<string, { name: string; materials: string[]; things: string[] }> = {
  kitchen: {
    name: 'The kitchen',
    materials: ['Copper', 'Enamel', 'Cast-iron', 'Beechwood'],
    things: ['kettle', 'ladle', 'mortar', 'scales', 'sieve', 'butter churn', 'coffee mill', 'waffle iron'],
  },
  clocks: {
    name: 'Clocks and watches',
    materials: ['Walnut', 'Brass', 'Silver', 'Marble'],
    things: [
      'mantel clock',
      'pocket watch',
      'sundial',
      'hourglass',
      'alarm clock',
      'metronome',
      'regulator',
      'cuckoo clock',
    ],
  },
  writing: {
    name: 'Writing',
    materials: ['Ebony', 'Ivory-white', 'Leather', 'Tin'],
    things: [
      'fountain pen',
      'ink well',
      'seal',
      'letter rack',
      'typewriter',
      'blotter',
      'slate',
      'pencil case',
    ],
  },
  travel: {
    name: 'On the way',
    materials: ['Canvas', 'Wicker', 'Steel', 'Pigskin'],
    things: [
      'trunk',
      'hat box',
      'compass',
      'picnic hamper',
      'spyglass',
      'lantern',
      'walking stick',
      'ticket punch',
    ],
  },
  games: {
    name: 'Games',
    materials: ['Painted', 'Folding', 'Pocket', 'Tournament'],
    things: [
      'chess set',
      'domino box',
      'spinning top',
      'draughts board',
      'kite',
      'marbles',
      'jigsaw',
      'playing cards',
    ],
  },
  tools: {
    name: 'Tools',
    materials: ['Forged', 'Boxwood', 'Nickel-plated', 'Ash-handled'],
    things: ['plane', 'spirit level', 'brace', 'spokeshave', 'vice', 'saw', 'plumb bob', 'folding rule'],
  },
  light: {
    name: 'Light',
    materials: ['Glass', 'Pewter', 'Porcelain', 'Wrought-iron'],
    things: [
      'oil lamp',
      'candlestick',
      'snuffer',
      'chandelier',
      'night light',
      'tinder box',
      'gas mantle',
      'lampshade',
    ],
  },
  sound: {
    name: 'Sound',
    materials: ['Rosewood', 'Bakelite', 'Japanned', 'Gilded'],
    things: [
      'music box',
      'gramophone',
      'wireless',
      'tuning fork',
      'barrel organ',
      'ear trumpet',
      'doorbell',
      'telephone',
    ],
  },
};

const PER_LIST = 8;
const LISTS = 4;
const PER_ROOM = PER_LIST * LISTS;

/** Pages in the directory that robots.txt disallows. */
const boxes = Array.from({ length: 6 }, (_, at) => `/archive/box-${at + 1}`);

/** The other pages, by path. */
const others: Record<string, Page> = {
  '/visit': {
    title: 'Visit us',
    body: '<p>We are open <a href="/visit/hours">every day but Monday</a>. <a href="/visit/tickets">Tickets</a>, <a href="/visit/cafe">the café</a>, <a href="/today">today</a>, <a href="/visit/plan.pdf">floor plan (PDF)</a>.</p>',
  },
  '/visit/hours': { title: 'Opening hours', body: '<p>Ten to six, Thursdays to nine.</p>' },
  '/visit/tickets': {
    title: 'Tickets',
    body: '<p>Free for everything that is older than a hundred years.</p>',
  },
  '/visit/cafe': {
    title: 'Café “Zum alten Löffel” – from 3 €',
    body: '<p>Crème brûlée, Käsespätzle, smørrebrød. This page is in windows-1252.</p>',
  },
  '/guest-book': {
    title: 'Guest book \x1b[31mof\x1b[0m \x1b]0;a rude\x07 visitor \u202ekcab ot tnorf',
    body: '<p>The title of this page holds what a terminal would obey. It should be seen as text.</p>',
  },
  '/restoration': { title: 'Restoration', body: '' },
  '/about': {
    title: 'About the museum',
    body: `<p>Founded in a shed. <a href="/directors-portrait">A portrait</a> is missing. Not for robots: ${boxes.map((path) => `<a href="${path}">${path}</a>`).join(', ')}.</p>`,
  },
};

/** All paths of HTML pages, in the order in which a visitor might find them. */
export const paths: readonly string[] = [
  '/',
  ...Object.keys(others),
  ...boxes,
  ...Object.keys(rooms).flatMap((room) => Array.from({ length: LISTS }, (_, at) => listPath(room, at))),
  ...Object.keys(rooms).flatMap((room) => Array.from({ length: PER_ROOM }, (_, at) => objectPath(room, at))),
];

function listPath(room: string, at: number): string {
  return at === 0 ? `/rooms/${room}` : `/rooms/${room}?page=${at + 1}`;
}

function objectPath(room: string, at: number): string {
  return `/objects/${room}-${at + 1}`;
}

/** The page at a path (with its query), or null. */
export function pageAt(path: string): Page | null {
  if (path === '/') return home();
  const list = /^\/rooms\/([a-z]+)(?:\?page=([2-9]))?$/.exec(path);
  if (list) return listPage(list[1] ?? '', Number(list[2] ?? 1) - 1);
  const object = /^\/objects\/([a-z]+)-(\d+)$/.exec(path);
  if (object) return objectPage(object[1] ?? '', Number(object[2]) - 1);
  if (boxes.includes(path)) return { title: 'A box', body: '<p>Nobody knows what is in it.</p>' };
  return Object.hasOwn(others, path) ? (others[path] ?? null) : null;
}

function home(): Page {
  const links = Object.entries(rooms).map(
    ([room, { name }]) => `<li><a href="/rooms/${room}">${name}</a></li>`,
  );
  return {
    title: 'The Museum of Everyday Things',
    body: `<p>Two hundred and fifty-six things that nobody threw away. See also <a href="/restoration">what is being restored</a>.</p><ul>${links.join('')}</ul>`,
  };
}

function nameOf(room: string, at: number): string {
  const { materials = [], things = [] } = rooms[room] ?? {};
  return `${materials[at % materials.length]} ${things[Math.floor(at / materials.length)]}`;
}

function listPage(room: string, at: number): Page | null {
  const known = Object.hasOwn(rooms, room) ? rooms[room] : undefined;
  if (!known || at >= LISTS) return null;
  const items = Array.from({ length: PER_LIST }, (_, place) => {
    const object = at * PER_LIST + place;
    return `<li><a href="${objectPath(room, object)}">${nameOf(room, object)}</a></li>`;
  });
  const others = Array.from(
    { length: LISTS },
    (_, page) => `<a href="${listPath(room, page)}">${page + 1}</a>`,
  );
  return {
    title: `${known.name}, part ${at + 1} of ${LISTS}`,
    body: `<ul>${items.join('')}</ul><p>Parts: ${others.join(' ')}</p>`,
  };
}

function objectPage(room: string, at: number): Page | null {
  if (!Object.hasOwn(rooms, room) || at < 0 || at >= PER_ROOM) return null;
  const year = 1780 + ((at * 37 + room.length * 11) % 160);
  // Links to the neighbours have a fragment or go through the parent directory: other spellings of the same
  // pages.
  const [before, after] = [(at + PER_ROOM - 1) % PER_ROOM, (at + 1) % PER_ROOM];
  return {
    title: `${nameOf(room, at)}, ${year}`,
    body: `<p>Made in ${year}, used until it was forgotten. ${'It was found in a cupboard, wrapped in newspaper. '.repeat(8 + (at % 9))}</p>
<p><a href="${objectPath(room, before)}#top">${nameOf(room, before)}</a> ·
<a href="../rooms/${room}">back to the room</a> ·
<a href="../objects/${room}-${after + 1}">${nameOf(room, after)}</a></p>`,
  };
}

/** The whole HTML document, before it is encoded. */
export function documentOf({ title, body }: Page, charset = 'utf-8'): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="${charset}"><title>${title}</title>
<style>body{font:16px/1.5 Georgia,serif;max-width:40em;margin:3em auto;padding:0 1em}nav{color:#777}</style></head>
<body><nav><a href="/">Museum</a> · <a href="/visit">Visit</a> · <a href="/about">About</a> · <a href="/guest-book">Guest book</a></nav>
<h1>${title}</h1>
${body}
</body></html>
`;
}
