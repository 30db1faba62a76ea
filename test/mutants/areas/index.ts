import type { Area } from '../mutant.ts';
import { accounting } from './accounting.ts';
import { capture } from './capture.ts';
import { delivery } from './delivery.ts';
import { eventLoop } from './event-loop.ts';
import { files } from './files.ts';
import { redaction } from './redaction.ts';
import { rules } from './rules.ts';
import { spool } from './spool.ts';
import { storm } from './storm.ts';

/** Every part of the source that has mutants. */
export const AREAS: readonly Area[] = [
  spool,
  delivery,
  capture,
  accounting,
  rules,
  storm,
  redaction,
  files,
  eventLoop,
];
