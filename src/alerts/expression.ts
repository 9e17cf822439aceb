/** A condition as a tree with places, and what can be wrong with its text. */

export interface ConditionError {
  /** Counts from 1, in UTF-16 units. */
  readonly column: number;
  /** How many characters are meant, at least 1. */
  readonly length: number;
  readonly message: string;
  readonly hint: string;
  /** The whole condition. */
  readonly text: string;
}

export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type ArithmeticOperator = '+' | '-' | '*' | '/';

/** Where a node of the tree stands in the text. */
interface Placed {
  readonly at: number;
  readonly end: number;
}

export type Expression =
  | (Placed & { readonly kind: 'number'; readonly number: number; readonly unit: string })
  | (Placed & { readonly kind: 'metric'; readonly name: string })
  | (Placed & { readonly kind: 'negate'; readonly operand: Expression })
  | (Placed & {
      readonly kind: 'arithmetic';
      readonly operator: ArithmeticOperator;
      readonly left: Expression;
      readonly right: Expression;
    })
  | (Placed & {
      readonly kind: 'comparison';
      readonly operator: ComparisonOperator;
      readonly left: Expression;
      readonly right: Expression;
    })
  | (Placed & { readonly kind: 'not'; readonly operand: Expression })
  | (Placed & {
      readonly kind: 'logic';
      readonly operator: 'and' | 'or';
      readonly left: Expression;
      readonly right: Expression;
    });

const SHOWN = 80;

/** The text with a caret below the place, as two lines; a long text is cut around it. */
export function caretLines({ text, column, length }: ConditionError): readonly [string, string] {
  const flat = text.replace(/[\t\r\n]/g, ' ');
  const from = Math.max(0, Math.min(column - 1 - SHOWN / 2, flat.length - SHOWN));
  const shown = flat.slice(from, from + SHOWN);
  const offset = column - 1 - from;
  const carets = Math.max(1, Math.min(length, shown.length - offset));
  return [shown, `${' '.repeat(offset)}${'^'.repeat(carets)}`];
}
