import type { NodeState } from '../../codec/index.ts';

/*
 * What checkers are fed: one plain record for each thing that became true, in the order in which it did. A checker
 * knows nothing else, so a test can feed it a history that never was.
 *
 * A life is one process from its start to its end. A name may have several after one another, so a life has an id
 * of its own.
 */

/** Where and when a fact holds. */
interface At {
  /** Virtual milliseconds. */
  readonly atMs: number;
  /** Id of the process that it is true for. */
  readonly life: string;
}

/** A process runs. */
export interface StartFact extends At {
  readonly kind: 'start';
  readonly name: string;
  /** `host:port` under which the others know it. */
  readonly endpoint: string;
  /** For how long it keeps entries of an owner that has failed, by its configuration. */
  readonly keepsMs: number;
  /** The span that it counts such time in. */
  readonly tickMs: number;
}

/** What holds since, or for, some time: milliseconds by the process's own clock. */
interface AtOwn extends At {
  readonly ownMs: number;
}

/** A process is no more, however it ended. */
export interface EndFact extends At {
  readonly kind: 'end';
}

/** A member record of a process stands like this now. */
export interface MemberFact extends At {
  readonly kind: 'member';
  /** Whom the record is about. */
  readonly node: string;
  readonly state: NodeState;
  readonly incarnation: number;
  readonly endpoint: string;
  /** It is the process's record of itself. */
  readonly isOwn: boolean;
}

/** A process has forgotten a member record. */
export interface MemberForgottenFact extends At {
  readonly kind: 'memberForgotten';
  readonly node: string;
}

/** Where an entry stands. */
export interface Place {
  readonly network: string;
  readonly table: string;
  readonly key: string;
}

/** What stands there. */
export interface Version {
  readonly owner: string;
  readonly time: number;
  readonly isDeleted: boolean;
  readonly value: Uint8Array;
}

/** A process holds an entry from now on, in place of whatever it held there. */
export interface EntryFact extends At, Place, Version {
  readonly kind: 'entry';
  /** Its owner has failed, so that nobody sees it. */
  readonly isHidden: boolean;
}

/** A process has forgotten an entry. */
export interface EntryForgottenFact extends AtOwn, Place, Version {
  readonly kind: 'entryForgotten';
}

/** All that a process holds of an owner in a network is visible, hidden or gone at once. */
export interface OwnerFact extends AtOwn {
  readonly kind: 'owner';
  readonly network: string;
  readonly owner: string;
  readonly state: 'present' | 'hidden' | 'gone';
}

/** A process tells that it is on a network or not, or holds so of another. */
export interface AttachmentFact extends AtOwn {
  readonly kind: 'attachment';
  readonly node: string;
  readonly network: string;
  readonly state: 'joined' | 'left' | 'forgotten';
  /** Lamport time at which the node told it. */
  readonly time: number;
  /** The process tells it of itself. */
  readonly isOwn: boolean;
}

/** A process says good-bye to the cluster. */
export interface FarewellFact extends At {
  readonly kind: 'farewell';
  /** Its name. */
  readonly node: string;
  /** Lamport time of the good-bye. */
  readonly time: number;
}

/** The tables of a process see a node of the cluster like this now. */
export interface NodeFact extends AtOwn {
  readonly kind: 'node';
  readonly node: string;
  readonly state: 'active' | 'failed' | 'left' | 'forgotten';
  /** Lamport time of what the node said of itself last, as far as the process has heard. */
  readonly time: number;
  readonly endpoint: string;
}

/** How much a process holds of something that has a cap. */
export interface SizeFact extends At {
  readonly kind: 'size';
  readonly what: string;
  readonly size: number;
  readonly cap: number;
  /**
   * When nothing happens any more a queue must run empty, and what is held must not grow; what is kept may still
   * be spread.
   */
  readonly sort: 'queue' | 'held' | 'kept';
}

/** Nothing is written any more, and nothing fails. */
export interface CalmFact {
  readonly kind: 'calm';
  readonly atMs: number;
  readonly isCalm: boolean;
  /**
   * Whether the network loses nothing either: sizes may only fall then. Else a member may be doubted, and what it published
   * vanish and come back, so that they may rise again to what they were.
   */
  readonly isStill: boolean;
}

/** What a process has left behind after its close. */
export interface ResidueFact extends At {
  readonly kind: 'residue';
  readonly what: string;
  readonly count: number;
}

/** Anything a checker may be told. */
export type Fact =
  | StartFact
  | EndFact
  | MemberFact
  | MemberForgottenFact
  | EntryFact
  | EntryForgottenFact
  | OwnerFact
  | AttachmentFact
  | FarewellFact
  | NodeFact
  | SizeFact
  | CalmFact
  | ResidueFact;

/** A fact as a line of a report. */
export function factText(fact: Fact): string {
  const at = fact.atMs.toFixed(0).padStart(8);
  return `${at} ${fact.kind === 'calm' ? '' : `${fact.life} `}${saidOf(fact)}`;
}

function saidOf(fact: Fact): string {
  switch (fact.kind) {
    case 'start':
      return `starts as ${fact.name} at ${fact.endpoint}`;
    case 'end':
      return 'ends';
    case 'member': {
      const { node, state, incarnation, endpoint, isOwn } = fact;
      return `${isOwn ? 'is' : 'holds'} ${node} ${state} ${incarnation} at ${endpoint}`;
    }
    case 'memberForgotten':
      return `forgets ${fact.node}`;
    case 'entry':
      return `holds ${placeText(fact)} ${versionText(fact)}${fact.isHidden ? ', hidden' : ''}`;
    case 'entryForgotten':
      return `forgets ${placeText(fact)} ${versionText(fact)}`;
    case 'owner':
      return `has ${fact.owner} ${fact.state} on ${fact.network}`;
    case 'attachment': {
      const { node, network, state, time, isOwn } = fact;
      if (isOwn) return `tells that it has ${state} ${network} at time ${time}`;
      return state === 'forgotten'
        ? `forgets whether ${node} is on ${network}`
        : `holds that ${node} has ${state} ${network} at time ${time}`;
    }
    case 'farewell':
      return `says good-bye at time ${fact.time}`;
    case 'node':
      return `has ${fact.node} ${fact.state} at ${fact.endpoint}, last heard of at time ${fact.time}`;
    case 'size':
      return `has ${fact.size} ${fact.what} of ${fact.cap}`;
    case 'calm':
      return fact.isCalm ? 'calm' : 'calm no more';
    case 'residue':
      return `leaves ${fact.count} ${fact.what} behind`;
  }
}

/** A place as reports show it. */
export function placeText({ network, table, key }: Place): string {
  return `${network}/${table}/${key}`;
}

/** A version as reports show it. */
export function versionText({ owner, time, isDeleted, value }: Version): string {
  return `${isDeleted ? 'deleted' : `of ${value.length} bytes`} by ${owner} at time ${time}`;
}

/** Whether an earlier fact helps to see how a later one came about. */
export function isRelated(earlier: Fact, fact: Fact): boolean {
  if (earlier === fact) return true;
  if (fact.kind === 'calm' || earlier.kind === 'calm') return false;
  const isMembership = fact.kind === 'member' || fact.kind === 'memberForgotten';
  if (isMembership) {
    const isSame = earlier.kind === 'member' || earlier.kind === 'memberForgotten';
    const isTold =
      isSame && (earlier.life === fact.life || (earlier.kind === 'member' && earlier.isOwn));
    return isTold && earlier.node === fact.node;
  }
  if (fact.kind === 'entry' || fact.kind === 'entryForgotten') {
    if (earlier.kind === 'owner') {
      return earlier.life === fact.life && earlier.network === fact.network;
    }
    const isEntry = earlier.kind === 'entry' || earlier.kind === 'entryForgotten';
    return isEntry && placeText(earlier) === placeText(fact);
  }
  if (isPresence(fact) && isPresence(earlier)) {
    const isSame = ownerOf(fact) === ownerOf(earlier);
    const isTold = earlier.kind === 'farewell' || (earlier.kind === 'attachment' && earlier.isOwn);
    return isSame && (isTold || earlier.life === fact.life);
  }
  return earlier.life === fact.life && earlier.kind === fact.kind;
}

type PresenceFact = OwnerFact | AttachmentFact | FarewellFact | NodeFact;

function isPresence(fact: Fact): fact is PresenceFact {
  return ['owner', 'attachment', 'farewell', 'node'].includes(fact.kind);
}

function ownerOf(fact: PresenceFact): string {
  return fact.kind === 'owner' ? fact.owner : fact.node;
}
