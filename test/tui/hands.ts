/** Somebody at the keys, who goes by what stands on the screen: presses are counted, names and reasons are not. */
import { pause, type Terminal } from './pty.ts';

/** Half of the round trip of a line that the acceptance list asks for, ms. */
export const LATE_MS = 50;
/** A dialog is deaf for a moment from when its plan stands there. */
export const DEAF_MS = 450;

/** The cursor has left the field for the button: an Enter that is read together with another key confirms nothing. */
export async function onButton(terminal: Terminal): Promise<void> {
  await terminal.until((t) => /arm: n\d +\[ Cancel/.test(t), 'the focus on the button');
}

export class Hands {
  presses = 0;
  readonly #terminal: Terminal;
  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  press(key: string): void {
    this.presses++;
    this.#terminal.type(key);
  }

  /** Letter by letter, and then a look at what stands there. */
  async write(words: string, seen: string): Promise<void> {
    for (const letter of words) {
      this.#terminal.type(letter);
      await pause(20);
    }
    await this.#terminal.see(seen);
  }

  /** `F`, the reason, the target that the plan names, Enter; resolves with the screen that says that it is done. */
  async failOver(reason: string): Promise<{ readonly target: string; readonly done: string }> {
    this.press('F');
    // a picture may come in pieces: what is read is the whole dialog
    const armed = /Type (n\d) to arm/;
    const plan = await this.#terminal.until((t) => armed.test(t) && t.includes('write pause'), 'the plan');
    const target = armed.exec(plan)?.[1] ?? '';
    await pause(DEAF_MS);
    await this.write(reason, `Reason (needed): ${reason}`);
    this.press('\t');
    await this.write(target, `arm: ${target}`);
    this.press('\t');
    await onButton(this.#terminal);
    this.press('\r');
    return { target, done: await this.#terminal.see(`done: ${target} in`) };
  }
}
