import { runSuite } from '../system/suite.ts';
import { faultScenarios } from './scenarios.ts';

process.exitCode = (await runSuite(faultScenarios, process.argv.slice(2))) > 0 ? 1 : 0;
