// Node's own modules in the bundle. An import of one reads all that it exports, and with it what Node itself
// would load later: node:http, so imported, brings undici and takes 45 ms of CPU in place of 5. So the bundle
// asks Node for them and reads only what is used. Some take long by themselves, such as node:tls with 18 ms,
// which a crawl without TLS never uses: each is loaded when something of it is first read.
import { builtinModules } from 'node:module';

const LATER = new Set([
  ...['child_process', 'cluster', 'crypto', 'dgram', 'dns', 'http', 'http2', 'https', 'inspector', 'net'],
  ...['readline', 'readline/promises', 'tls', 'tty', 'v8', 'vm', 'worker_threads', 'zlib'],
]);
const ESM = '\0import:';
const CJS = '\0require:';

/** `plain` are the ids of modules whose imports stay, since they must run on an older Node. */
export function leanBuiltins(plain) {
  return {
    name: 'lean-builtins',
    resolveId: {
      filter: { id: new RegExp(`^(node:)?(${builtinModules.join('|')})$`) },
      handler(id, importer, { kind }) {
        if (plain.includes(importer) || importer.startsWith('\0rolldown/')) return null;
        const name = id.replace(/^node:/, '');
        return (kind === 'require-call' || LATER.has(name) ? CJS : ESM) + name;
      },
    },
    load: {
      filter: { id: new RegExp(`^(${ESM}|${CJS})`) },
      handler(id) {
        const [, how, name] = /^(.*?:)(.*)$/.exec(id);
        const code = LATER.has(name)
          ? readLater(name)
          : how === CJS
            ? `module.exports = ${get(name)};`
            : read(name);
        return { code, moduleSideEffects: false };
      },
    },
  };
}

const get = (name) => `process.getBuiltinModule(${JSON.stringify(name)})`;
const namesOf = (name) => Object.keys(process.getBuiltinModule(name)).filter((key) => key !== 'default');

/** What nobody imports by its name is left out of the bundle. */
function read(name) {
  const names = namesOf(name);
  const reads = names.map((key, at) => `const _${at} = /* @__PURE__ */ (() => all.${key})();`);
  const exports = names.map((key, at) => `_${at} as ${key}`);
  return `const all = ${get(name)};\n${reads.join('\n')}\nexport { all as default, ${exports.join(', ')} };`;
}

/**
 * An object that stands for the module. As CommonJS, so that the bundle reads `module.name` where a name is
 * used.
 */
function readLater(name) {
  const getters = namesOf(name).map((key) => `get ${key}() { return (all ??= ${get(name)}).${key}; }`);
  // got reads those of HTTP/2, which are the protocol's, when it is loaded, and node:http2 brings node:tls.
  if (name === 'http2')
    getters.push(`constants: ${JSON.stringify(process.getBuiltinModule(name).constants)}`);
  return `let all;\nmodule.exports = {\n${getters.join(',\n')}\n};`;
}
