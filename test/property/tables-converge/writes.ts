import type { EntryAddress } from '../../../src/networkdb/index.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

/** Lengths of values; some fit no packet, some fill many. */
const LENGTHS = [0, 0, 0, 0, 0, 40, 40, 300, 300, 1_200, 3_000, 30_000];

/** A draw that sets a value that fits no packet, and so is sent to each member once. */
export const LARGE = 81 << 4;

/**
 * Writes a key as a user would, whichever way suits what is there, and tells the model.
 *
 * @param draw - decides on the way and on the value
 */
export function write(world: World, process: Process, address: EntryAddress, draw: number): void {
  const { network, key } = address;
  const table = process.table(network, address.table);
  if (table === null) return;
  const { clock, model } = world;
  const before = table.get(key, { detail: true });
  const kind = wayOf(draw % 16, before !== undefined);
  if (kind === null) return;
  process.writes += 1;
  const value = valueOf(process, draw >> 4);
  const clockBefore = tableClock(process);
  if (kind === 'delete') table.delete(key);
  else table[kind](key, value);
  const time = tableClock(process);
  const at = clock.now();
  const isSame = before?.owner === process.name && before.value === value;
  if (isSame && (kind === 'set' || kind === 'update')) {
    if (time !== clockBefore) world.fault(`${process.name} wrote ${key} without a change`);
    return;
  }
  const isDeleted = kind === 'delete';
  model.wrote(address, { life: process, time, isDeleted, value, at });
  world.count('writes');
  world.note(
    `${process.name} ${kind} ${network}/${address.table}/${key} at ${time}` +
      (isDeleted ? '' : ` to ${shown(value)}`),
  );
  const after = table.get(key, { detail: true });
  const isRead = isDeleted ? after === undefined : after?.value === value && after.time === time;
  if (!isRead) world.fault(`${process.name} does not read what it wrote to ${key}`);
}

function wayOf(draw: number, isThere: boolean): 'create' | 'update' | 'set' | 'delete' | null {
  if (draw < 6) return 'set';
  if (draw < 11) return isThere ? 'update' : 'create';
  return isThere ? 'delete' : draw < 14 ? 'create' : null;
}

/** Now and then a value that others write too, so that only time and owner tell writes apart. */
function valueOf(process: Process, draw: number): string {
  if (draw % 5 === 0) return 'up';
  const length = LENGTHS[(draw >> 3) % LENGTHS.length] as number;
  return `${process.id}.${process.writes}`.padEnd(length, '.');
}

function tableClock(process: Process): number {
  return process.db.stats().tables.clocks.table;
}

/** A value as traces show it. */
export function shown(value: string): string {
  return value.length > 20 ? `${value.slice(0, 12).replace(/\.+$/, '')} (${value.length})` : value;
}
