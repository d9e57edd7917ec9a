import { networkInterfaces } from 'node:os';

import { canonicalHost } from '../address.ts';
import type { InterfaceAddress } from '../transport.ts';
import { defaultRouteInterfaces } from './default-route.ts';

/** Every address of this machine's interfaces that are up; empty where the system will not tell. */
export function interfaceAddresses(): readonly InterfaceAddress[] {
  const found: InterfaceAddress[] = [];
  const defaults = defaultRouteInterfaces();
  for (const [name, addresses] of Object.entries(interfacesOrNone())) {
    const hasDefaultRoute = defaults.has(name);
    for (const { address, cidr, internal } of addresses ?? []) {
      const host = canonicalHost(address);
      if (host === null) continue;
      const fullLength = host.includes(':') ? 128 : 32;
      const prefixBits = cidr === null ? fullLength : Number(cidr.slice(cidr.indexOf('/') + 1));
      found.push({ host, prefixBits, isInternal: internal, hasDefaultRoute });
    }
  }
  return found;
}

function interfacesOrNone(): ReturnType<typeof networkInterfaces> {
  try {
    return networkInterfaces();
  } catch {
    return {}; // refused in some sandboxes; the caller then asks for an address to advertise
  }
}
