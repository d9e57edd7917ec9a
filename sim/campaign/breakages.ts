import type { Breakage } from '../support/break-hooks.ts';

/*
 * Rules of the membership and of the tables, each taken out by a change of the compiled source as it is loaded.
 * The campaign must notice every one of them, or it proves little when it is silent. A change that does not
 * find its text any more throws, so that the list follows the sources.
 *
 * What only a whole bound of waiting shows is left to other tests, since a run of it takes seconds: ghosts to
 * test/property/tables-converge, refutation to test/memberlist/state-rules.test.ts; so is what two places hold, that
 * an alive claim needs a higher incarnation.
 */

/** What the campaign must notice. */
export const BREAKAGES: readonly Breakage[] = [
  {
    name: 'others raise the incarnation of a suspect',
    file: 'memberlist/state-rules.js',
    find: "record.incarnation = claim.incarnation; record.enter('suspect'",
    replace: "record.incarnation = claim.incarnation + 1; record.enter('suspect'",
    noticedBy: 2,
  },
  {
    name: 'old accusations count',
    file: 'memberlist/state-rules.js',
    find: 'return this.#oldAccusation(record, claim.from); if (isGone(record))',
    replace: 'this.#oldAccusation(record, claim.from); if (isGone(record))',
    noticedBy: 18,
  },
  {
    name: 'suspects are never declared dead',
    file: 'memberlist/state-rules.js',
    find: "this.dead({ type: 'dead', incarnation, node: claim.node, from: local.name });",
    replace: '',
    noticedBy: 2,
  },
  {
    name: 'whoever is dead for others is dead for us at once',
    file: 'memberlist/state-rules.js',
    find: "case 'left': this.dead(",
    replace: "case 'left': case 'dead': this.dead(",
    noticedBy: 18,
  },
  {
    name: 'a close leaves the tickers running',
    file: 'runtime/ticker.js',
    find: 'stop() { this.#timer?.cancel();',
    replace: 'stop() {',
    noticedBy: 1,
  },
  {
    name: 'older writes take the place of newer ones',
    file: 'networkdb/handlers.js',
    find: 'const isNewer = order > 0;',
    replace: 'const isNewer = order !== 0;',
    noticedBy: 1,
  },
  {
    name: 'entries of failed members are dropped at once',
    file: 'networkdb/transitions.js',
    find: 'this.store.hide(group, hiddenUntil);',
    replace: 'this.store.retire(group);',
    noticedBy: 4,
  },
  {
    name: 'entries of returned members stay hidden',
    file: 'networkdb/transitions.js',
    find: "this.store.restore(group); this.watches.tellGroup(group, 'create');",
    replace: '',
    noticedBy: 18,
  },
  {
    name: 'tombstones are forgotten with the next tick',
    file: 'networkdb/reaper.js',
    find: '#isExpired(entry) {',
    replace: '#isExpired(entry) { if (entry.isDeleted) return true;',
    noticedBy: 90,
  },
  {
    name: 'what waits for a neighbour that is gone waits for good',
    file: 'networkdb/broadcasts.js',
    find: 'joinSides(network) {',
    replace: 'joinSides(network) { return;',
    noticedBy: 94,
  },
  {
    name: 'queues of events have no cap',
    file: 'networkdb/event-list.js',
    find: 'if (this.#byKey.size > this.#maxEvents) this.#dropOne();',
    replace: '',
    noticedBy: 19,
  },
];
