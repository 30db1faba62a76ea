import type { Area } from '../mutant.ts';
import { accounting } from './accounting.ts';
import { capture } from './capture.ts';
import { delivery } from './delivery.ts';
import { spool } from './spool.ts';

/** Every part of the source that has mutants. */
export const AREAS: readonly Area[] = [spool, delivery, capture, accounting];
