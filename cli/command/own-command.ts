// How the user calls drover: what a hint says must be what can be typed.

/** From a checkout, npm calls it; installed, it stands on the PATH. */
export const OWN_COMMAND = import.meta.url.endsWith('.ts') ? 'npm run drover --' : 'drover';
