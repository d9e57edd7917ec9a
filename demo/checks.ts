import type { Check } from './expectations.ts';
import type { Ledger } from './ledger.ts';
import type { Snapshot } from './messages.ts';
import { TABLES } from './messages.ts';
import type { Orchestra } from './orchestra.ts';

/*
 * What expectations look at: each check says null when every live member agrees, otherwise what the
 * first that does not agree sees.
 */

/** A check of every live member's last snapshot, which must be there. */
export function everyone(
  orchestra: Orchestra,
  look: (snapshot: Snapshot, name: string) => string | null,
): Check {
  return () => {
    const snapshots = orchestra.snapshots();
    for (const { name } of orchestra.live()) {
      const snapshot = snapshots.get(name);
      const seen = snapshot === undefined ? 'has not said anything' : look(snapshot, name);
      if (seen !== null) return `${name} ${seen}`;
    }
    return null;
  };
}

/** Every live member sees exactly so many members, all alive. */
export function seesAlive(orchestra: Orchestra, count: number): Check {
  return everyone(orchestra, ({ members }) => {
    const alive = members.filter((member) => member.state === 'alive').length;
    if (alive === count && members.length === count) return null;
    return `sees ${members.length} members, ${alive} of them alive, not ${count}`;
  });
}

/** Every live member sees so many members on the network. */
export function seesPeers(orchestra: Orchestra, count: number): Check {
  return everyone(orchestra, ({ peers }) =>
    peers === count ? null : `sees ${peers} members on the network, not ${count}`,
  );
}

/** Every live member holds exactly what the ledger says, by hash. */
export function holdsLedger(orchestra: Orchestra, ledger: Ledger): Check {
  return everyone(orchestra, ({ tables }) => {
    for (const table of TABLES) {
      const { entries, hash } = tables[table];
      if (hash === ledger.hashOf(table)) continue;
      const expected = ledger.sizeOf(table);
      if (entries !== expected) return `has ${entries} of ${expected} entries of ${table}`;
      return `has other entries of ${table} than were written`;
    }
    return null;
  });
}

/** Every live member holds the endpoint record of the process that runs now. */
export function holdsPidOf(orchestra: Orchestra, name: string): Check {
  const { pid } = orchestra.member(name);
  return everyone(orchestra, ({ pids }) => {
    const held = pids[name];
    if (held === pid) return null;
    return held === undefined
      ? `has no record of ${name}`
      : `has a record of ${name} with process ${held}, not ${pid}`;
  });
}

/** The endpoint records tell the truth about the processes that published them. */
export function tellsTruth(orchestra: Orchestra): Check {
  return everyone(orchestra, ({ members, pids }) => {
    for (const { name, pid, port } of orchestra.live()) {
      if (pids[name] !== pid) return `takes process ${pids[name] ?? 'none'} for ${name}`;
      const seen = members.find((member) => member.name === name)?.port;
      if (seen !== port) return `takes port ${seen ?? 'none'} for ${name}`;
    }
    return null;
  });
}

/** Every live member has exactly these keys, the first of them primary. */
export function holdsKeys(orchestra: Orchestra, fingerprints: readonly string[]): Check {
  return everyone(orchestra, ({ keys }) => {
    const held = keys.map((key) => key.fingerprint);
    const isSame = held.join() === fingerprints.join() && keys[0]?.isPrimary === true;
    return isSame ? null : `has the keys ${held.join(', ')}, not ${fingerprints.join(', ')}`;
  });
}

/** Every live member hears all the others under this key, and nobody under another. */
export function hearsUnder(orchestra: Orchestra, fingerprint: string): Check {
  return everyone(orchestra, ({ keys }) => {
    const others = orchestra.live().length - 1;
    const heard = keys.find((key) => key.fingerprint === fingerprint)?.heardMembers ?? 0;
    return heard === others ? null : `hears ${heard} of ${others} members under ${fingerprint}`;
  });
}

/** Nobody but these was taken for failed, and no name was claimed twice. */
export function onlyFailed(orchestra: Orchestra, names: readonly string[]): Check {
  return () => {
    const wrong = orchestra.sightings.find(
      ({ event, subject }) =>
        event === 'nameConflict' || (event === 'fail' && !names.includes(subject)),
    );
    if (wrong === undefined) return null;
    const what = wrong.event === 'fail' ? 'took for failed' : 'saw two processes claim the name';
    return `${wrong.observer} ${what}: ${wrong.subject}`;
  };
}
