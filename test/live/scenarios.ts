import type { Scenario } from './scenario.ts';
import { openScenarios } from './scenarios/open.ts';

/** All attacks, in the order of the table. */
export const scenarios: readonly Scenario[] = [...openScenarios];
