/** Something happened that must never happen: names the rule, then says what. */
export class Violation extends Error {
  override readonly name = 'Violation';
}
