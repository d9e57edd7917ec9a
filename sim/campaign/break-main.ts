import { breakRule } from './break-rule.ts';
import type { Orders } from './orders.ts';

/*
 * A process of its own for a campaign with a rule taken out, since the rule must be gone before anything of
 * `src/` is loaded: node break-main.js ORDERS, which are JSON. The exit code is 0 when somebody missed the rule.
 */

const [text = '{}'] = process.argv.slice(2);
const orders = JSON.parse(text) as Orders;
breakRule(orders.broken ?? '');
// Loaded after the hooks, so that they see it.
const { carryOut } = await import('./carry-out.ts');
process.exitCode = await carryOut(orders);
