import { runSuite } from '../system/suite.ts';
import { swarmScenarios } from './scenarios.ts';

process.exitCode = (await runSuite(swarmScenarios, process.argv.slice(2))) > 0 ? 1 : 0;
