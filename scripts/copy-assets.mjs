// Copies the files that tsc does not copy but the code reads at run time, such as the Lua scripts. Each goes
// to dist/, next to the code that reads it.
import { cpSync, readdirSync } from 'node:fs';

for (const root of ['src', 'cli']) {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(lua|sh|html|css|js|svg)$/.test(entry.name)) continue;
    const path = `${entry.parentPath}/${entry.name}`;
    cpSync(path, `dist/${path}`);
  }
}

// The project that `drover new` writes is copied as it is: its TypeScript is for its user.
cpSync('cli/new/project', 'dist/cli/new/project', { recursive: true });
