import type { Scenario } from './scenario.ts';
import { descriptorScenarios } from './scenarios/descriptor.ts';
import { openScenarios } from './scenarios/open.ts';
import { processVmScenarios } from './scenarios/process-vm.ts';
import { protectionScenarios } from './scenarios/protection.ts';
import { ptraceScenarios } from './scenarios/ptrace.ts';
import { toolScenarios } from './scenarios/tools.ts';

/** All attacks, in the order of the table. */
export const scenarios: readonly Scenario[] = [
  ...openScenarios,
  ...processVmScenarios,
  ...ptraceScenarios,
  ...descriptorScenarios,
  ...protectionScenarios,
  ...toolScenarios,
];
