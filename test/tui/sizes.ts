/** The sizes at which screens are drawn and looked at, one of each tier: columns and rows. */
export const SIZES = [
  [200, 60],
  [120, 36],
  [80, 24],
  [60, 15],
  [44, 12],
] as const;
