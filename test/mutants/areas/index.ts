import type { Area } from '../mutant.ts';
import { spool } from './spool.ts';

/** Every part of the source that has mutants. */
export const AREAS: readonly Area[] = [spool];
