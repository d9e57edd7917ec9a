import { runSuite } from '../system/suite.ts';
import { serfScenarios } from './scenarios.ts';

process.exitCode = (await runSuite(serfScenarios, process.argv.slice(2))) > 0 ? 1 : 0;
