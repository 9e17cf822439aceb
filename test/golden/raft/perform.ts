/**
 * Transcripts of scripted scenes: lines that begin with `>` are commands (commands.ts),
 * `#` are words to the reader, the rest is what happened.
 */
import { play } from './commands.ts';
import { Scene } from './scene.ts';

/** The transcript with what happens now. */
export function perform(text: string): string {
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
