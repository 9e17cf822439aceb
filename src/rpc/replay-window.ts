/** Which of a sender's numbered datagrams came already: of the newest 1024; older ones count as seen. */
const WIDTH = 1024;

export class ReplayWindow {
  #highest = -1;
  readonly #seen = new Uint8Array(WIDTH);

  /** True once for each number that is not too old. Ask only for numbers that a seal vouches for. */
  admit(counter: number): boolean {
    if (counter <= this.#highest - WIDTH) return false;
    if (counter > this.#highest) {
      const skipped = Math.min(WIDTH, counter - this.#highest);
      for (let n = 1; n <= skipped; n++) this.#seen[(counter - skipped + n) % WIDTH] = 0;
      this.#highest = counter;
    }
    if (this.#seen[counter % WIDTH] === 1) return false;
    this.#seen[counter % WIDTH] = 1;
    return true;
  }
}
