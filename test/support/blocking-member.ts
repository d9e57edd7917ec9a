import { Memberlist } from '../../src/memberlist/index.ts';

/*
 * A member in a process of its own that blocks its event loop when told to: `node blocking-member.js NAME
 * [SEED]`, forked. Tells its parent its address, every failure it hears of, and how many are alive.
 */

const [, , nodeName = '', seed] = process.argv;
const member = await Memberlist.create({ nodeName, bindAddress: '127.0.0.1', bindPort: 0 });
const tell = (message: object): void => {
  process.send?.(message);
};
member.on('fail', ({ name }) => {
  tell({ failed: name });
});
process.on('message', (message: { blockMs?: number; count?: true }) => {
  if (message.blockMs !== undefined) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, message.blockMs);
    tell({ woke: true });
  }
  if (message.count) {
    tell({ alive: member.members().filter(({ state }) => state === 'alive').length });
  }
});
process.on('disconnect', () => process.exit(0));
if (seed !== undefined) await member.join([seed]);
tell({ port: member.localMember.port });
