// What `drover` means in files of the user's: this copy of drover.
import { registerHooks } from 'node:module';

let isRegistered = false;

/**
 * From now on, `import 'drover'` in a user's file is this copy of drover, wherever the file lies: beside no
 * package.json, or in a checkout that was never built.
 */
export function resolveOwnName(): void {
  if (isRegistered) return;
  isRegistered = true;
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const entry = new URL(`../index.${ending}`, import.meta.url).href;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'drover' ? { url: entry, shortCircuit: true } : next(specifier, context),
  });
}
