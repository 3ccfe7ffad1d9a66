// How the user runs drover, so that hints show commands that can be typed as they are.

/** In a checkout npm runs drover; when installed, it is on the PATH. */
export const OWN_COMMAND = import.meta.url.endsWith('.ts') ? 'npm run drover --' : 'drover';
