import { describe, expect, it } from 'vitest';
import { withPlainBuiltins } from '../../../scripts/plain-builtins.ts';

const BANNER = "import { createRequire as __createRequire } from 'node:module'; const require = 1;";

describe('withPlainBuiltins', () => {
  it.each([
    ['import fs from "node:fs";', 'const fs = require("node:fs");'],
    ['import * as os from "node:os";', 'const os = require("node:os");'],
    ['import { join, sep as s } from "node:path";', 'const { join, sep: s } = require("node:path");'],
    ['import {\n  on,\n  once\n} from "node:events";', 'const { on, once } = require("node:events");'],
    [
      'import p, { env } from "node:process";',
      'const p = require("node:process"); const { env } = require("node:process");',
    ],
  ])('withPlainBuiltins puts %j behind the banner, before all that runs', (from, to) => {
    expect(withPlainBuiltins(`${BANNER}\nfirst();\n${from}\nlast();\n`)).toBe(
      `${BANNER}\n${to}\nfirst();\n\nlast();\n`,
    );
  });

  it.each([
    'import { a } from "./chunk-1.js";',
    'import blessed from "blessed";',
    'import { default as fs } from "node:fs";',
    'const text = `\n  import { join } from "node:path";`;',
    'const { join } = await import("node:path");',
  ])('withPlainBuiltins leaves %j', (line) => {
    const text = `${BANNER}\n${line}\n`;
    expect(withPlainBuiltins(text)).toBe(text);
  });
});
