import type { Breakage } from '../../../sim/support/break-hooks.ts';

/*
 * Rules of the table layer, each taken out by a change of the compiled source as it is loaded. The
 * property test must notice every one of them, or it proves little when it is silent. A change that does
 * not find its text any more throws, so that the list follows the sources.
 *
 * What is not listed: the tombstones that a leaver keeps for itself, since the answers to entries that claim to be
 * ours put right whatever they would; and attachments ahead of the entries of a bulk sync, whose lack push/pull
 * mends before a run is judged. `test/networkdb/` holds both.
 */

/** What the property test must notice. */
export const BREAKAGES: readonly Breakage[] = [
  {
    name: 'equal times have no tie-break',
    file: 'networkdb/entry.js',
    find: 'if (byOwner !== 0) return byOwner;',
    replace: 'if (byOwner !== 0) return 0;',
    noticedBy: 4,
  },
  {
    name: 'a tombstone beats the live entry of its time and owner',
    file: 'networkdb/entry.js',
    find: 'return a.isDeleted ? -1 : 1;',
    replace: 'return a.isDeleted ? 1 : -1;',
    noticedBy: 11,
  },
  {
    name: 'of a tombstone and a live entry of one time and owner the first stays',
    file: 'networkdb/entry.js',
    find: 'return a.isDeleted ? -1 : 1;',
    replace: 'return 0;',
    noticedBy: 93,
  },
  {
    name: 'deletes of unknown keys leave no tombstone',
    file: 'networkdb/handlers.js',
    find: 'if (!wins(parts, event, version, held)) {',
    replace:
      'if (held === undefined && isDeleted) return; if (!wins(parts, event, version, held)) {',
    noticedBy: 16,
  },
  {
    name: 'early events are not kept',
    file: 'networkdb/early-events.js',
    find: 'keep(event) {',
    replace: 'keep(event) { return;',
    noticedBy: 127,
  },
  {
    name: 'entries of failed members are not hidden',
    file: 'networkdb/transitions.js',
    find: 'this.store.hide(group, hiddenUntil);',
    replace: '',
    noticedBy: 3,
  },
  {
    name: 'entries of returned members stay hidden',
    file: 'networkdb/transitions.js',
    find: "this.store.restore(group); this.watches.tellGroup(group, 'create');",
    replace: '',
    noticedBy: 3,
  },
  {
    name: 'members given up for a late farewell stay given up',
    file: 'networkdb/strays.js',
    find: '#takeBack(record) {',
    replace: '#takeBack(record) { return;',
    noticedBy: 35,
  },
  {
    name: 'entries that claim to be ours are not answered',
    file: 'networkdb/ghosts.js',
    find: 'answerWrite(event, time) {',
    replace: 'answerWrite(event, time) { return;',
    noticedBy: 3,
  },
  {
    name: 'attachments that claim to be ours are not answered',
    file: 'networkdb/ghosts.js',
    find: 'answerAttachment(event, time) {',
    replace: 'answerAttachment(event, time) { return;',
    noticedBy: 45,
  },
  {
    name: 'joining a network does not wait for the exchange',
    file: 'networkdb/sync-rounds.js',
    find: 'join.run();',
    replace: 'join.run(); done(null);',
    noticedBy: 51,
  },
  {
    name: 'bulk syncs are not answered',
    file: 'networkdb/bulk-sync.js',
    find: '#pumpAnswers() {',
    replace: '#pumpAnswers() { return;',
    noticedBy: 7,
  },
  {
    name: 'tombstones are passed on without what is left of their time',
    file: 'networkdb/sync-walk.js',
    find: 'residualReapSeconds: isExpiring ? Math.max(1, Math.floor(leftMs / 1000)) : 0,',
    replace: 'residualReapSeconds: 0,',
    noticedBy: 32,
  },
  {
    name: 'writes of others are not passed on',
    file: 'networkdb/publisher.js',
    find: 'relayWrite(address, inner, path, from) {',
    replace: 'relayWrite(address, inner, path, from) { return;',
    noticedBy: 6,
  },
  {
    name: 'what a member wrote stays when it leaves the network',
    file: 'networkdb/transitions.js',
    find: 'if (group !== undefined) this.#retire(group);',
    replace: '',
    noticedBy: 18,
  },
  {
    name: 'members given up wrongly are not taken back',
    file: 'networkdb/strays.js',
    find: 'state.activate(record);',
    replace: 'return;',
    noticedBy: 35,
  },
  {
    name: 'who joins a network alone does not catch up on meeting others',
    file: 'networkdb/sync-rounds.js',
    find: 'participantAdded(network, node) {',
    replace: 'participantAdded(network, node) { return;',
    noticedBy: 9,
  },
  {
    name: 'watchers do not hear that a group of entries goes',
    file: 'networkdb/watch-hub.js',
    find: 'if (entry.isDeleted) return null;',
    replace: "if (entry.isDeleted || kind === 'delete') return null;",
    noticedBy: 3,
  },
  {
    name: 'values too large for a packet wait for the next exchange',
    file: 'networkdb/publisher.js',
    find: 'oversize.send(address, message);',
    replace: '',
    noticedBy: 6,
  },
  {
    name: 'witnessing a time does not move the clock',
    file: 'networkdb/lamport.js',
    find: 'this.#time = Math.min(time + 1, MAX_LAMPORT_TIME);',
    replace: '',
    noticedBy: 3,
  },
];
