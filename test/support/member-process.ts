import { Memberlist } from '../../src/memberlist/index.ts';

/*
 * A member in a process of its own: `node member-process.js NAME SEED`. Prints a line once it has
 * joined, and lives until it is killed.
 */

const [, , nodeName = '', seed = ''] = process.argv;
const member = await Memberlist.create({
  nodeName,
  bindAddress: '127.0.0.1',
  bindPort: 0,
  profile: 'local',
});
await member.join([seed]);
process.stdout.write('joined\n');
