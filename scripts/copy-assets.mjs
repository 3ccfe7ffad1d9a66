// Copies what tsc does not: the Lua scripts and what else is read at run time, into dist/ beside the code that reads it.
import { cpSync, readdirSync } from 'node:fs';

for (const root of ['src', 'cli']) {
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(lua|sh|html|css|js|svg)$/.test(entry.name)) continue;
    const path = `${entry.parentPath}/${entry.name}`;
    cpSync(path, `dist/${path}`);
  }
}
