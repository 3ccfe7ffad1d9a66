// Why a handler file could not be loaded, in a sentence with file and line that says what to write instead.
// Node says it in words that name neither, or not what to do.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DroverError } from '../errors.ts';
import { framesOf } from './user-code.ts';

const ENDINGS =
  'only .ts, .mts, .js and .mjs files are loaded. Compile it to JavaScript first (.tsx and .jsx too).';

/** `path` is the handler file; the failure may lie in a file that it imports. */
export function whyNotLoaded(error: unknown, path: string): string {
  if (!(error instanceof Error)) return `${path}: it threw ${typeof error} while it was loaded.`;
  const { code } = error as NodeJS.ErrnoException;
  const place = placeOf(error, path);
  const words = firstLine(error.message);
  switch (code) {
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return `${place}: ${words}. Node only removes types: write an object instead of an enum or namespace, and fields instead of parameter properties, or compile the file to JavaScript.`;
    case 'ERR_INVALID_TYPESCRIPT_SYNTAX':
      return `${place}: ${words}.`;
    case 'ERR_MODULE_NOT_FOUND':
    case 'ERR_UNSUPPORTED_DIR_IMPORT':
    case 'ERR_PACKAGE_PATH_NOT_EXPORTED':
      return notFound(words, path);
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      return `${unknownEnding(words) ?? path}: ${ENDINGS}`;
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
      return `${path}: ${words}. Node removes no types in node_modules: the package must ship .js files.`;
    case 'ERR_IMPORT_ATTRIBUTE_MISSING':
      return path.endsWith('.json')
        ? `${path}: ${ENDINGS}`
        : `${place}: ${words}: write with { type: 'json' } behind the name of the file.`;
    case 'E_HANDLER_FILE':
      return `${place}: ${(error as DroverError).detail}`;
    default:
      return error instanceof SyntaxError ? syntax(error, place, words) : `${place}: ${error.name}: ${words}`;
  }
}

function syntax(error: SyntaxError, place: string, words: string): string {
  const missing = /does not provide an export named '([^']+)'/.exec(words)?.[1];
  if (missing === 'default')
    return `${place}: ${words}. Write its names in braces: import { name }; or import type { Name } for a type.`;
  if (missing !== undefined)
    return `${place}: ${words}. If ${missing} is a type, write import type { ${missing} }, because Node removes types file by file.`;
  if (words === 'Invalid or unexpected token' && markedCharacter(error) === '@')
    return `${place}: decorators are not supported: Node only removes types. Write a function call instead, or compile the file to JavaScript.`;
  return `${place}: ${error.name}: ${words}.`;
}

/** An import that leads nowhere: where it stands, and what is wrong with how it is written. */
function notFound(words: string, path: string): string {
  const [, what = '', from = path] = /^[^']*'(.+)' imported from (.+)$/.exec(words) ?? [];
  const importer = from.startsWith('file://') ? fileURLToPath(from) : from;
  const { line, specifier } = findImport(importer, what);
  const place = line === null ? importer : `${importer}:${line}`;
  const shown = specifier ?? what;
  if (shown.startsWith('.') || shown.startsWith('/')) {
    const ended = ['.ts', '.js', '.mts', '/index.ts'].find((ending) => existsSync(`${what}${ending}`));
    if (ended !== undefined) return `${place}: '${shown}' has no ending: write '${shown}${ended}'.`;
    const typed = what.replace(/\.(m?)js$/, '.$1ts');
    if (typed !== what && existsSync(typed))
      return `${place}: '${shown}' is not there, but its source is: write '${shown.replace(/\.(m?)js$/, '.$1ts')}'.`;
    return `${place}: '${shown}' leads to no file (${what}).`;
  }
  if (/^[@~#]?\//.test(shown) || shown.startsWith('#'))
    return `${place}: '${shown}' leads nowhere. The paths of tsconfig.json are not read: write a relative path with its ending, such as './x.ts'.`;
  return `${place}: there is no package '${shown}'. Install it beside the file (npm install ${shown}); if it is an alias of tsconfig.json, write a relative path with its ending instead.`;
}

/** The line of a file that imports `what`: a package by its name, or the path of a file. */
function findImport(file: string, what: string): { line: number | null; specifier: string | null } {
  if (!existsSync(file)) return { line: null, specifier: null };
  const lines = readFileSync(file, 'utf8').split('\n');
  for (const [index, text] of lines.entries()) {
    for (const [, specifier = ''] of text.matchAll(/['"]([^'"]+)['"]/g)) {
      const path = specifier.startsWith('.') ? resolve(dirname(file), specifier) : specifier;
      if (path === what || specifier.startsWith(`${what}/`)) return { line: index + 1, specifier };
    }
  }
  return { line: null, specifier: null };
}

/** Node puts `FILE:LINE` and the source before the stack of a syntax error. */
function placeOf(error: Error, path: string): string {
  const [, file, line] = /^((?:file:\/\/)?\/[^\n]*?):(\d+)(?:\n|$)/.exec(error.stack ?? '') ?? [];
  if (file !== undefined) return `${file.startsWith('file://') ? fileURLToPath(file) : file}:${line}`;
  return framesOf(error)[0] ?? path;
}

/** The character under which Node has put a mark, in the source that it shows before the stack. */
function markedCharacter(error: Error): string | undefined {
  const [, source = '', before = ''] = /\n([^\n]*)\n([ \t]*)\^/.exec(error.stack ?? '') ?? [];
  return source[before.length];
}

function unknownEnding(words: string): string | null {
  return / for (.+)$/.exec(words)?.[1] ?? null;
}

function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return (end < 0 ? text : text.slice(0, end)).replace(/\.$/, '');
}
