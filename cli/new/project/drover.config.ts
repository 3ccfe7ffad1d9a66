// The settings of every drover command that runs in this folder. All of them, with their defaults, stand in
// node_modules/drover/docs/settings.md. Flags and DROVER_* variables come before them.
export default {
  handlers: ['handlers.ts'],
  // Who crawls, in the User-Agent header. Name a page or a mail address before you crawl a site of others.
  // contact: 'https://example.com/our-crawler',
};
