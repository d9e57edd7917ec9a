import assert from 'node:assert/strict';

import { junkCounters } from '../system/junk.ts';
import type { Scenario, ScenarioContext } from '../system/scenario.ts';
import { until } from '../system/until.ts';
import { SerfAgent } from './agent.ts';
import type { SerfPeer } from './member.ts';
import { startPeer } from './member.ts';
import type { Tags } from './messages.ts';
import { decodeTags, encodeLeaveIntent, encodeUserEvent, userEventName } from './messages.ts';

/*
 * A member of ours in a ring of Serf agents, plain and encrypted. Serf is memberlist with a layer of its own
 * above; to us that layer is metadata and user messages.
 */

const LIMIT_MS = 45_000;
/** Each look is a process of its own. */
const POLL_MS = 300;
const OUR_TAGS: Tags = { role: 'ours', zone: 'b' };
const AGENT_TAGS: Tags = { role: 'web', dc: 'west' };
const MODES = ['plain', 'encrypted'];
const NEEDS = ['serf'];

function keyOf(context: ScenarioContext): Uint8Array | null {
  return context.mode === 'encrypted' ? new Uint8Array(32).map((_, at) => 3 * at + 1) : null;
}

async function agent(context: ScenarioContext, name = 'agent-1'): Promise<SerfAgent> {
  return SerfAgent.start(context, { name, tags: AGENT_TAGS, key: keyOf(context) });
}

async function peer(context: ScenarioContext): Promise<SerfPeer> {
  return startPeer(context, { name: 'ours', tags: OUR_TAGS, key: keyOf(context) });
}

async function statusBecomes(on: SerfAgent, name: string, status: string): Promise<void> {
  const look = async (): Promise<boolean> => (await on.statusOf(name)) === status;
  await until(
    `${name} is ${status} for ${on.name}`,
    look,
    LIMIT_MS,
    () => on.program.tail(),
    POLL_MS,
  );
}

async function hears(member: SerfPeer, event: string): Promise<void> {
  await until(
    event,
    () => member.events.includes(event),
    LIMIT_MS,
    () => member.events,
  );
}

/** Nothing of us was odd to the agent, and nothing of it was to us. */
function assertAtEase(agents: readonly SerfAgent[], member: SerfPeer): void {
  for (const each of agents) assert.deepEqual(each.complaints(), []);
  assert.deepEqual(junkCounters(member.memberlist.stats().counters), []);
}

const joins: Scenario = {
  peer: 'serf',
  name: 'we join an agent, each lists the other with its tags, and changed tags arrive',
  modes: MODES,
  needs: NEEDS,
  run: async (context) => {
    const first = await agent(context);
    const member = await peer(context);
    assert.equal(await member.memberlist.join([first.address]), 1);
    const theirs = member.memberlist.member('agent-1');
    assert.ok(theirs !== undefined);
    assert.deepEqual(decodeTags(theirs.metadata), AGENT_TAGS);
    await statusBecomes(first, 'ours', 'alive');
    const listed = (await first.members()).find(({ name }) => name === 'ours');
    const { host, port } = member.memberlist.localMember;
    assert.equal(listed?.addr, `${host}:${port}`);
    assert.deepEqual(listed.tags, OUR_TAGS);
    assert.deepEqual(listed.protocol, { max: 5, min: 2, version: 4 });
    context.log(await first.command('members', '-detailed'));

    await first.command('tags', '-set', 'role=db');
    await hears(member, 'update agent-1');
    const changed = member.memberlist.member('agent-1');
    assert.deepEqual(decodeTags(changed?.metadata ?? new Uint8Array()), { role: 'db', dc: 'west' });
    await member.setTags({ role: 'moved' });
    const look = async (): Promise<boolean> =>
      (await first.members()).some(({ name, tags }) => name === 'ours' && tags['role'] === 'moved');
    await until('the agent hears of our changed tags', look, LIMIT_MS);
    assert.ok((await member.memberlist.ping('agent-1', { timeoutMs: LIMIT_MS })) >= 0);
    assertAtEase([first], member);
  },
};

const isJoined: Scenario = {
  peer: 'serf',
  name: 'an agent joins through us, and a second one finds the first',
  modes: MODES,
  needs: NEEDS,
  run: async (context) => {
    const first = await agent(context, 'agent-1');
    const second = await agent(context, 'agent-2');
    const member = await peer(context);
    const { host, port } = member.memberlist.localMember;
    for (const each of [first, second]) await each.command('join', `${host}:${port}`);
    await statusBecomes(first, 'agent-2', 'alive');
    await statusBecomes(second, 'agent-1', 'alive');
    await hears(member, 'join agent-1');
    await hears(member, 'join agent-2');
    assertAtEase([first, second], member);
  },
};

const failure: Scenario = {
  peer: 'serf',
  name: 'an agent is killed: we and the other agent find it failed; it leaves: both know that too',
  modes: MODES,
  needs: NEEDS,
  run: async (context) => {
    const first = await agent(context, 'agent-1');
    const second = await agent(context, 'agent-2');
    const third = await agent(context, 'agent-3');
    const member = await peer(context);
    await member.memberlist.join([first.address, second.address, third.address]);
    await member.memberlist.waitForMembers(4, { timeoutMs: LIMIT_MS });
    await statusBecomes(first, 'agent-3', 'alive');
    await third.command('leave');
    await hears(member, 'leave agent-3');
    assert.equal(member.memberlist.member('agent-3')?.state, 'left');
    await statusBecomes(first, 'agent-3', 'left');
    assertAtEase([first, second], member);

    const since = performance.now();
    second.program.child.kill('SIGKILL');
    await hears(member, 'fail agent-2');
    context.log(`failed after ${Math.round(performance.now() - since)} ms`);
    assert.equal(member.memberlist.member('agent-2')?.state, 'dead');
    await statusBecomes(first, 'agent-2', 'failed');
    assert.equal(await first.statusOf('ours'), 'alive');
    assert.ok(!member.events.includes('fail agent-1'));
  },
};

const goodBye: Scenario = {
  peer: 'serf',
  name: 'who leaves with an intent is listed as left, without one and without a good-bye as failed',
  modes: MODES,
  needs: NEEDS,
  run: async (context) => {
    const first = await agent(context);
    const leaver = await peer(context);
    const key = keyOf(context);
    const killed = await startPeer(context, { name: 'killed', tags: OUR_TAGS, key });
    await leaver.memberlist.join([first.address]);
    await killed.memberlist.join([first.address]);
    const silent = await startPeer(context, { name: 'silent', tags: OUR_TAGS, key });
    await silent.memberlist.join([first.address]);
    for (const name of ['ours', 'killed', 'silent']) await statusBecomes(first, name, 'alive');
    leaver.broadcast(encodeLeaveIntent({ time: 100, node: 'ours' }));
    await statusBecomes(first, 'ours', 'leaving');
    await leaver.memberlist.leave({ timeoutMs: LIMIT_MS });
    await leaver.memberlist.close();
    await statusBecomes(first, 'ours', 'left');
    const since = performance.now();
    await silent.memberlist.leave({ timeoutMs: LIMIT_MS });
    context.log(`leave took ${Math.round(performance.now() - since)} ms`);
    await silent.memberlist.close();
    await statusBecomes(first, 'silent', 'failed');
    assert.deepEqual(first.complaints(), []);
    await killed.memberlist.close();
    await statusBecomes(first, 'killed', 'failed');
  },
};

const userEvents: Scenario = {
  peer: 'serf',
  name: 'user events and queries pass as opaque messages, and an event of ours reaches the agents',
  modes: MODES,
  needs: NEEDS,
  run: async (context) => {
    const first = await agent(context, 'agent-1');
    const second = await agent(context, 'agent-2');
    const member = await peer(context);
    await member.memberlist.join([first.address, second.address]);
    await statusBecomes(first, 'agent-2', 'alive');
    await first.command('event', '-coalesce=false', 'deploy', 'v1.2');
    const isDeploy = (message: Uint8Array): boolean => userEventName(message) === 'deploy';
    await until('the user event', () => member.messages.some(isDeploy), LIMIT_MS);
    // A query is answered by packets within its 2 s or not at all: on a busy machine another one may be needed.
    const isAnswered = async (): Promise<boolean> =>
      /Ack from 'agent-2'/.test(await first.command('query', '-timeout=2s', 'uptime'));
    await until('the answer to a query', isAnswered, LIMIT_MS);
    member.broadcast(
      encodeUserEvent({ time: 50, name: 'ours-says', payload: new TextEncoder().encode('hello') }),
    );
    for (const each of [first, second]) {
      await each.program.hears(/Received event: user-event: ours-says/, LIMIT_MS);
    }
    assertAtEase([first, second], member);
  },
};

/** Everything that is shown with Serf. */
export const serfScenarios: readonly Scenario[] = [joins, isJoined, failure, goodBye, userEvents];
