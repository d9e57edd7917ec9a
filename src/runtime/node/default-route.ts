import { readFileSync } from 'node:fs';

/*
 * Which interfaces a default route leads through, as Linux tells it in two tables of text:
 *
 *   /proc/net/route        name destination gateway flags refcount use metric mask …     numbers in hex
 *   /proc/net/ipv6_route   destination length source length gateway metric refcount use flags name
 */

/** Names of the interfaces with a default route that is up; none on other systems, or where it cannot be read. */
export function defaultRouteInterfaces(): ReadonlySet<string> {
  return new Set([
    ...defaultRoutesV4(textOf('/proc/net/route')),
    ...defaultRoutesV6(textOf('/proc/net/ipv6_route')),
  ]);
}

/** Interfaces with a default route in the text of `/proc/net/route`. */
export function defaultRoutesV4(table: string): string[] {
  return rowsOf(table).flatMap(([name, destination, , flags, , , , mask]) => {
    const isDefault = destination === '00000000' && mask === '00000000';
    return isDefault && name !== undefined && isUsable(flags) ? [name] : [];
  });
}

/** Interfaces with a default route in the text of `/proc/net/ipv6_route`. */
export function defaultRoutesV6(table: string): string[] {
  return rowsOf(table).flatMap(([destination, length, , , , , , , flags, name]) => {
    const isDefault = destination === '0'.repeat(32) && length === '00';
    return isDefault && name !== undefined && isUsable(flags) ? [name] : [];
  });
}

function isUsable(flags: string | undefined): boolean {
  const bits = Number.parseInt(flags ?? '', 16);
  return (bits & ROUTE_IS_UP) !== 0 && (bits & ROUTE_REJECTS) === 0;
}

function rowsOf(table: string): string[][] {
  return table.split('\n').map((line) => line.trim().split(/\s+/));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // not Linux, or not shown in this sandbox
  }
}

const ROUTE_IS_UP = 0x1;
const ROUTE_REJECTS = 0x200;
