import type { Scenario } from './scenario.ts';

export const STRANGER_SCENARIOS: readonly Scenario[] = [];
