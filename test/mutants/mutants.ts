/** All planted bugs. */
import { ELECTIONS } from './elections.ts';
import type { Mutant } from './mutant.ts';
import { REPLICATION } from './replication.ts';
import { STORAGE } from './storage.ts';

export const MUTANTS: readonly Mutant[] = [...ELECTIONS, ...REPLICATION, ...STORAGE];
