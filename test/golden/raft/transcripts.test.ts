/**
 * Transcripts of scripted scenes: lines that begin with `>` are commands (commands.ts),
 * `#` are words to the reader, the rest is what happened. UPDATE=1 writes it anew; read
 * the difference before you keep it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { play } from './commands.ts';
import { Scene } from './scene.ts';

const DIR = new URL('.', import.meta.url);
const isUpdate = process.env.UPDATE === '1';

function perform(text: string): string {
  const scene = new Scene();
  const out: string[] = [];
  let isAfterCommand = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('>')) {
      out.push(line);
      play(scene, line.slice(1));
      out.push(...scene.takeLines().map((said) => `  ${said}`));
      isAfterCommand = true;
    } else if (line.startsWith('#') || (line === '' && isAfterCommand)) out.push(line);
  }
  return `${out.join('\n').trimEnd()}\n`;
}

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
