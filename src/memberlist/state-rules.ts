import type { AliveMessage, DeadMessage, PushPullNode, SuspectMessage } from '../codec/index.ts';
import type { Address } from '../runtime/index.ts';
import { isReachableHost, sameAddress } from '../runtime/index.ts';
import { isSaneVersionVector } from './compatibility.ts';
import type { Core } from './core.ts';
import { aliveClaim, callHook, peerPort, probeIntervalMs } from './core.ts';
import { expectedConfirmations, suspicionMinMs } from './formulas.ts';
import { warnOfLimit } from './limit-warnings.ts';
import type { Member, MemberFacts } from './member.ts';
import { claimedFacts, isGone, MemberRecord, sameBytes, toMember } from './member.ts';
import { goesRound } from './neighbours.ts';
import { HIGH_INCARNATION, judgeAlive, refutingIncarnation, saysTheSame } from './precedence.ts';
import { SecondChance } from './second-chance.ts';
import { answerNewcomer, spreadClaim, spreadNewcomer } from './spread-claim.ts';
import { Suspicion } from './suspicion.ts';

/** What the rules need from other parts. */
export interface StateRulesHooks {
  /** Asks an endpoint directly; `done` hears whether it answers to the name. */
  readonly verifyEndpoint: (
    node: { readonly name: string; readonly endpoint: Address },
    done: (answers: boolean) => void,
  ) => void;
  /**
   * Shows a suspect the doubt about it and asks whether it lives; `answered` is called if it says so in time, and before
   * the returned function is called.
   */
  readonly askSuspect: (record: MemberRecord, answered: () => void) => () => void;
  /** Shows a claim to the process that it contradicts. */
  readonly show: (claim: AliveMessage, to: Address) => void;
  /** There is fresh news to gossip. */
  readonly nudge: () => void;
  /** There is word of a newcomer to pass round. */
  readonly nudgeNewcomers: () => void;
}

/**
 * How a claim came in an exchange, which decides how word of a newcomer is passed on: from a member that may be the
 * only one to know it, from the newcomer itself, or from one whose neighbours have it, and it is not passed on.
 */
export type ExchangePath = 'exchange' | 'newcomer' | 'known';

/** The path of what an exchange says of a name. */
export type PathOf = (name: string) => ExchangePath;

/** Of an exchange with a member of which nothing is known. */
export const asExchange: PathOf = () => 'exchange';

/** The same for packets: the address that one came from. */
type ClaimPath = Address | ExchangePath;

/**
 * Applies claims about nodes to the table.
 *
 * Every rule runs to its end without interleaving: state first, then broadcast, then events. Rules
 * never trust a claim about the local node: they refute it.
 *
 * @remarks SWIM section 4.2 (suspicion and incarnations); memberlist aliveNode, suspectNode, deadNode
 */
export class StateRules {
  readonly #core: Core;
  readonly #hooks: StateRulesHooks;
  readonly #suspicions = new Map<string, Suspicion>();
  /** Names whose old endpoint is being asked right now; bounded by the table's size. */
  readonly #verifying = new Set<string>();
  readonly #secondChance: SecondChance;
  #isLeaving = false;

  constructor(core: Core, hooks: StateRulesHooks) {
    this.#core = core;
    this.#hooks = hooks;
    this.#secondChance = new SecondChance(core);
  }

  /** Whether the local node has announced that it leaves. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /**
   * Announces the local node with the next incarnation.
   *
   * @param metadata - what the layer above attaches from now on
   * @param finished - called once the announcement has been gossiped often enough, or was replaced
   */
  announce(metadata: Uint8Array, finished?: () => void): void {
    const { local, table, events } = this.#core;
    const isFirst = table.get(local.name) === undefined;
    const hasChanged = !sameBytes(local.metadata, metadata);
    local.amend({ metadata });
    local.incarnation = refutingIncarnation(local.incarnation, 0) ?? local.incarnation;
    if (isFirst) {
      local.enter(local.state, this.#core.ports.clock.now());
      table.insert(local);
    }
    table.changed(local);
    this.#spread(aliveClaim(local), finished);
    if (isFirst) this.#spreadNewcomer(aliveClaim(local), 'newcomer');
    if (isFirst) events.joined(local);
    else if (hasChanged) events.updated(local);
  }

  /**
   * Applies an alive claim.
   *
   * @param path - where the packet came from that brought it, or in what exchange it came
   */
  alive(told: AliveMessage, path: ClaimPath = 'exchange'): void {
    const { table, config, counters, local } = this.#core;
    const known = table.get(told.node);
    if (known !== undefined && this.#isOldNews(known, told)) {
      if (typeof path === 'object') this.#heardAgain(known, told, path);
      return;
    }
    const port = peerPort(this.#core, told.port);
    const claim = port === told.port ? told : { ...told, port };
    const facts = claimedFacts(claim, port);
    const endpoint = facts?.address ?? null;
    const isUsable =
      facts !== null &&
      endpoint !== null &&
      isReachableHost(endpoint.host) &&
      isSaneVersionVector(claim.versions) &&
      claim.metadata.length <= config.limits.maxMetadataBytes;
    if (!isUsable) {
      counters.add('claims.refused.malformed');
      return this.#tellIgnored(claim, endpoint, 'malformed');
    }
    if (claim.incarnation > HIGH_INCARNATION) counters.add('claims.highIncarnation');
    if (!this.#isAdmitted(claim, endpoint)) {
      counters.add('claims.refused.admission');
      return this.#tellIgnored(claim, endpoint, 'not admitted');
    }
    const record = table.get(claim.node);
    if (record === undefined) return this.#aliveUnknown(claim, facts, path);
    if (record === local) return this.#aliveOurselves(claim, endpoint, path);
    switch (judgeAlive(record, claim, endpoint, this.#isReclaimable(record))) {
      case 'stale':
        // What references did not tell: much metadata, or a layer above that has its say.
        if (typeof path === 'object' && saysTheSame(record, claim, endpoint))
          this.#heardAgain(record, told, path);
        return this.#keepNewestAddressForm(record, claim, endpoint);
      case 'accept':
      case 'replace':
        return this.#accept(record, claim, facts, path);
      case 'verify':
        return this.#verify(record, claim, facts, path);
      case 'conflict':
        return this.#tellConflict(record, claim, endpoint);
    }
  }

  /** Applies a suspicion. */
  suspect(claim: SuspectMessage): void {
    const { table, local, config, counters, events, ports } = this.#core;
    const record = table.get(claim.node);
    if (record === undefined) return;
    if (claim.incarnation < record.incarnation) return this.#oldAccusation(record, claim.from);
    const known = this.#suspicions.get(claim.node);
    if (known !== undefined) {
      if (known.confirm(claim.from)) this.#spread(claim);
      return;
    }
    if (record.state !== 'alive') return;
    if (record === local) return this.#refute(claim.incarnation);
    record.incarnation = claim.incarnation;
    record.enter('suspect', ports.clock.now());
    table.changed(record);
    const memberCount = table.size;
    const { mult, maxTimeoutMult } = config.suspicion;
    const usualMs = suspicionMinMs({ mult, memberCount, probeIntervalMs: probeIntervalMs(config) });
    const minMs = usualMs * this.#secondChance.patience(record);
    const maxMs = minMs * maxTimeoutMult;
    const reminderMs =
      claim.from === local.name ? this.#secondChance.reminderMs({ minMs, maxMs }) : null;
    const lastLookMs = this.#secondChance.lastLookMs();
    const expected = expectedConfirmations(mult, memberCount);
    this.#suspicions.set(
      claim.node,
      new Suspicion(ports.clock, {
        from: claim.from,
        expected,
        minMs,
        maxMs,
        lostMs: () => this.#core.loopHealth.lostMs,
        ...(reminderMs === null || expected === 0
          ? {}
          : { reminder: { everyMs: reminderMs, run: () => this.#spread(claim) } }),
        ...(lastLookMs === null
          ? {}
          : {
              lastLook: {
                aheadMs: lastLookMs,
                ask: (answered) => this.#hooks.askSuspect(record, answered),
              },
            }),
        onExpire: (confirmations) => {
          if (confirmations < expected) counters.add('suspicions.unconfirmed');
          ports.logger.info({ node: claim.node, confirmations }, 'suspect did not refute');
          const { incarnation } = record;
          this.dead({ type: 'dead', incarnation, node: claim.node, from: local.name });
        },
      }),
    );
    counters.add('claims.suspect');
    ports.logger.info({ node: claim.node, from: claim.from }, 'member is suspect');
    this.#spread(claim);
    events.suspected(record);
  }

  /**
   * Applies a death or a leave.
   *
   * @param finished - for our own leave: called once it has been gossiped often enough
   */
  dead(claim: DeadMessage, finished?: () => void): void {
    const { table, local, counters, events, ports } = this.#core;
    const record = table.get(claim.node);
    if (record === undefined) return;
    if (claim.incarnation < record.incarnation) return this.#oldAccusation(record, claim.from);
    if (isGone(record)) return;
    if (record === local && !this.#isLeaving) return this.#refute(claim.incarnation);
    this.#endSuspicion(claim.node);
    record.incarnation = claim.incarnation;
    record.enter(claim.from === claim.node ? 'left' : 'dead', ports.clock.now());
    table.changed(record);
    counters.add('claims.dead');
    this.#spread(claim, finished);
    events.gone(record);
  }

  /**
   * Declares that the local node leaves. Claims about it are ignored from here on.
   *
   * @param finished - called once the leave has been gossiped often enough
   */
  leave(finished: () => void): void {
    const { local } = this.#core;
    this.#isLeaving = true;
    const { incarnation, name } = local;
    this.dead({ type: 'dead', incarnation, node: name, from: name }, finished);
  }

  /**
   * Comes back after a leave, with an incarnation above the one that left.
   *
   * @param metadata - what the layer above attaches from now on
   */
  comeBack(metadata: Uint8Array): void {
    const { local, ports, events } = this.#core;
    this.#isLeaving = false;
    local.enter('alive', ports.clock.now());
    this.announce(metadata);
    events.joined(local);
  }

  /**
   * Merges the records of a push/pull, in their order.
   *
   * A node that the peer holds for dead is only suspected here, so that it can still refute.
   *
   * @param pathOf - how to pass on what is said of a name
   * @returns whether there was nothing to do, as there will not be again while neither the records nor the table
   * (`MemberTable.version`) change
   */
  merge(nodes: readonly PushPullNode[], pathOf: PathOf = asExchange): boolean {
    const from = this.#core.local.name;
    let isOldNews = true;
    for (const node of nodes) {
      const { incarnation, name } = node;
      switch (node.state) {
        case 'alive':
          if (this.#isOldNews(this.#core.table.get(name), node, sameBytes)) continue;
          this.alive(asClaim(node), pathOf(name));
          break;
        case 'left':
          this.dead({ type: 'dead', incarnation, node: name, from: name });
          break;
        case 'suspect':
        case 'dead':
          this.suspect({ type: 'suspect', incarnation, node: name, from });
          break;
      }
      isOldNews = false;
    }
    return isOldNews;
  }

  /** Passes on what we hold of a member, if it is one. */
  spreadKnown(name: string): void {
    const record = this.#core.table.get(name);
    if (record?.state === 'alive') this.#spread(aliveClaim(record));
  }

  /** Stops every timer. */
  close(): void {
    for (const suspicion of this.#suspicions.values()) suspicion.cancel();
    this.#suspicions.clear();
  }

  /**
   * Whether a claim is the one we hold, or an older one of the same words: nearly all are, and then nothing
   * is to be done. Equal fields of what was read are one object, so this compares references. What cannot be
   * told that way takes the long way to the same end.
   *
   * @param isSame - `sameBytes` also knows what is said of ourselves, whose fields were not read
   */
  #isOldNews(
    record: MemberRecord | undefined,
    told: Omit<AliveMessage, 'type' | 'node'>,
    isSame: (a: Uint8Array, b: Uint8Array) => boolean = isSameArray,
  ): boolean {
    return (
      record !== undefined &&
      isSame(record.addressBytes, told.address) &&
      record.address.port === told.port &&
      isSame(record.versions, told.versions) &&
      isSame(record.metadata, told.metadata) &&
      isSame(record.startId, told.startId) &&
      told.incarnation <= record.incarnation &&
      told.incarnation <= HIGH_INCARNATION &&
      this.#core.delegates.admission?.admitMember === undefined
    );
  }

  /** What we say of ourselves needs nobody's leave; about others the layer above may have its say. */
  #isAdmitted(claim: AliveMessage, endpoint: Address): boolean {
    const { delegates, allowedNetworks, local } = this.#core;
    if (claim.node === local.name) return true;
    if (!allowedNetworks.allows(endpoint.host)) return false;
    const { admission } = delegates;
    if (admission?.admitMember === undefined) return true;
    const member: Member = Object.freeze({
      name: claim.node,
      ...endpoint,
      state: 'alive',
      incarnation: claim.incarnation,
      metadata: claim.metadata.slice(),
      isLocal: false,
    });
    return callHook(
      this.#core,
      'admitMember',
      () => admission.admitMember?.(member) ?? true,
      false,
    );
  }

  #tellIgnored({ node }: AliveMessage, endpoint: Address | null, reason: string): void {
    this.#core.ports.logger.warn({ node, ...endpoint, reason }, 'a claim was ignored');
  }

  #aliveUnknown(claim: AliveMessage, facts: MemberFacts, path: ClaimPath): void {
    const { table, config, counters, ports } = this.#core;
    if (claim.incarnation === 0) return counters.add('claims.refused.malformed');
    const { maxMembers } = config.limits;
    if (table.size >= maxMembers) {
      counters.add('claims.refused.limit');
      const text = `${maxMembers} nodes are on record; unknown ones are not taken in`;
      return warnOfLimit(this.#core, 'limits.maxMembers', text, { maxMembers });
    }
    const record = new MemberRecord(facts, 0, 'dead', ports.clock.now());
    table.insert(record);
    this.#accept(record, claim, facts, path);
  }

  #aliveOurselves(claim: AliveMessage, endpoint: Address, path: ClaimPath): void {
    const { local, newcomers } = this.#core;
    if (this.#isLeaving) return;
    const isOurStart = claim.startId.length > 0 && sameBytes(claim.startId, local.startId);
    if (isOurStart || sameAddress(endpoint, local.address)) {
      const isEcho = saysTheSame(local, claim, endpoint);
      if (isEcho && typeof path === 'object') newcomers.heard(local.name, path);
      if (!isEcho && claim.incarnation >= local.incarnation) this.#refute(claim.incarnation);
      return;
    }
    // Another process, or what is left of our former self: only the first one answers.
    this.#whenNotVerifying(local.name, endpoint, (answers) => {
      if (answers) this.#tellConflict(local, claim, endpoint);
    });
  }

  #accept(record: MemberRecord, claim: AliveMessage, facts: MemberFacts, path: ClaimPath): void {
    const { counters, events, neighbours, ports, table } = this.#core;
    this.#endSuspicion(record.name);
    const wasGone = isGone(record);
    const isNewcomer = record.incarnation === 0 || !sameBytes(record.startId, claim.startId);
    const { name: node, address: former } = record;
    if (!sameAddress(former, facts.address)) {
      ports.logger.info({ node, ...facts.address, former }, 'member is at another address');
      record.isHeard = false;
    }
    const hasChanged = !sameBytes(record.metadata, claim.metadata);
    if (!sameBytes(record.startId, claim.startId)) this.#secondChance.forget(record);
    else if (record.state === 'dead' && record.incarnation > 0)
      this.#secondChance.refutedDeath(record, claim.startId);
    record.take(facts);
    record.incarnation = claim.incarnation;
    if (record.state !== 'alive') record.enter('alive', ports.clock.now());
    table.changed(record);
    counters.add('claims.alive');
    if (wasGone) neighbours.came(record);
    if (isNewcomer) this.#spreadNewcomer(claim, path);
    else this.#spread(claim);
    if (wasGone) events.joined(record);
    else if (hasChanged) events.updated(record);
  }

  /** Without start ids, only time tells that a dead node's name may have moved on. */
  #isReclaimable(record: MemberRecord): boolean {
    const { config, ports } = this.#core;
    if (config.wire !== 'memberlist') return false;
    return ports.clock.now() - record.stateChangedAt > RECLAIM_MS;
  }

  /** The owner may announce one address in another byte form; relays must use the latest. */
  #keepNewestAddressForm(record: MemberRecord, claim: AliveMessage, endpoint: Address): void {
    if (claim.incarnation !== record.incarnation) return;
    if (!sameAddress(record.address, endpoint)) return;
    if (!sameBytes(record.addressBytes, claim.address)) this.#core.table.retold();
    record.amend({ addressBytes: claim.address });
  }

  #verify(record: MemberRecord, claim: AliveMessage, facts: MemberFacts, path: ClaimPath): void {
    const stored = record.startId;
    this.#whenNotVerifying(record.name, record.address, (answers) => {
      const isKnown = this.#core.table.get(record.name) === record;
      if (!isKnown || !sameBytes(record.startId, stored)) return;
      if (answers) this.#tellConflict(record, claim, facts.address);
      else this.#replaceProcess(record, claim, facts, path);
    });
  }

  #whenNotVerifying(name: string, endpoint: Address, done: (answers: boolean) => void): void {
    if (this.#verifying.has(name)) return;
    this.#verifying.add(name);
    this.#hooks.verifyEndpoint({ name, endpoint }, (answers) => {
      this.#verifying.delete(name);
      done(answers);
    });
  }

  /** The old process is gone without a word: say so first, so that what it held goes with it. */
  #replaceProcess(
    record: MemberRecord,
    claim: AliveMessage,
    facts: MemberFacts,
    path: ClaimPath,
  ): void {
    if (!isGone(record)) {
      this.#endSuspicion(record.name);
      record.enter('dead', this.#core.ports.clock.now());
      this.#core.table.changed(record);
      this.#core.events.gone(record);
    }
    this.#accept(record, claim, facts, path);
  }

  /** Nobody passes such a claim on, so the holder of the name would never hear of its twin. */
  #tellConflict(record: MemberRecord, claim: AliveMessage, claimed: Address): void {
    const { counters, events, reminders } = this.#core;
    counters.add('claims.refused.conflict');
    if (!reminders.isDue('conflict', record.name)) return;
    if (!record.isLocal) this.#hooks.show(claim, record.address);
    events.nameConflict({ existing: toMember(record), claimed: { ...claimed } });
  }

  #refute(accused: number): void {
    const { local, awareness, counters, events, ports, reminders, table } = this.#core;
    awareness.apply(1);
    const next = refutingIncarnation(local.incarnation, accused);
    if (next === null) {
      if (!reminders.isDue('incarnation')) return;
      events.warn('WARN_INCARNATION_EXHAUSTED', 'no greater incarnation is left to refute with');
      return;
    }
    local.incarnation = next;
    table.changed(local);
    counters.add('refutations');
    ports.logger.warn({ accused, incarnation: next }, 'refuting a claim about this node');
    this.#spread(aliveClaim(local));
  }

  /** We have refuted this one; whoever still says it has not heard so, and is told itself. */
  #oldAccusation(record: MemberRecord, accuser: string): void {
    if (!record.isLocal || this.#isLeaving) return;
    const from = this.#core.table.get(accuser);
    if (from?.state === 'alive' && !from.isLocal && this.#secondChance.mayShow()) {
      this.#hooks.show(aliveClaim(record), from.address);
    }
    if (!this.#secondChance.mayRepeat) return;
    this.#core.counters.add('refutations.repeated');
    this.#spread(aliveClaim(record));
  }

  #endSuspicion(name: string): void {
    this.#suspicions.get(name)?.cancel();
    this.#suspicions.delete(name);
  }

  #spread(claim: AliveMessage | SuspectMessage | DeadMessage, finished?: () => void): void {
    if (claim.node === this.#core.local.name) this.#secondChance.spoke();
    spreadClaim(this.#core, claim, finished);
    this.#hooks.nudge();
  }

  /** What gossip or the newcomer itself brings goes round the ring; beside Go everything is left to chance. */
  #spreadNewcomer(claim: AliveMessage, path: ClaimPath): void {
    const { config, newcomers, ports } = this.#core;
    // Without rounds of its own a word rides on probes.
    if (!goesRound(config)) {
      if (path !== 'known') this.#spread(claim);
      return;
    }
    if (path === 'known' || path === 'exchange')
      newcomers.keepSilent(claim.node, ports.clock.now());
    if (path === 'known') return this.#hooks.nudgeNewcomers();
    if (path === 'exchange') return this.#spread(claim);
    spreadNewcomer(this.#core, claim);
    if (path !== 'newcomer') newcomers.heard(claim.node, path);
    this.#hooks.nudgeNewcomers();
  }

  /** A packet has brought the claim that we hold: its sender needs it from us no more, but others may. */
  #heardAgain(record: MemberRecord, told: AliveMessage, from: Address): void {
    const { newcomers } = this.#core;
    if (told.incarnation !== record.incarnation) return;
    if (record.state === 'alive' && newcomers.isSilent(record.name)) {
      this.#spreadNewcomer(told, from);
    } else if (!newcomers.heard(record.name, from) && answerNewcomer(this.#core, record, from)) {
      this.#hooks.nudgeNewcomers();
    }
  }
}

function isSameArray(a: Uint8Array, b: Uint8Array): boolean {
  return a === b;
}

/** What a record of an exchange says of a member that is alive. */
function asClaim(node: PushPullNode): AliveMessage {
  return {
    type: 'alive',
    incarnation: node.incarnation,
    node: node.name,
    address: node.address,
    port: node.port,
    metadata: node.metadata,
    versions: node.versions,
    startId: node.startId,
  };
}

/** Milliseconds after which the name of a dead node may appear elsewhere on the memberlist wire. */
const RECLAIM_MS = 30_000;
