/** What the line builders read: the model and the signs of this terminal. */
import type { Model } from '../model/model.ts';
import type { Symbols } from '../theme/symbols.ts';

export interface View {
  readonly model: Model;
  readonly symbols: Symbols;
}
