/** Plays the transcripts. UPDATE=1 writes them anew; read the difference before you keep it. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { perform } from './perform.ts';

const DIR = new URL('.', import.meta.url);
const isUpdate = process.env.UPDATE === '1';

describe('RaftConsensus plays', () => {
  for (const name of readdirSync(DIR).filter((file) => file.endsWith('.txt'))) {
    it(name.replace('.txt', '').replaceAll('-', ' '), () => {
      const file = new URL(name, DIR);
      const text = readFileSync(file, 'utf8');
      const played = perform(text);
      if (isUpdate) writeFileSync(file, played);
      else expect(played).toBe(text);
    });
  }
});
