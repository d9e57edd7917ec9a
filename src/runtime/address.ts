import ipaddr from 'ipaddr.js';

import { remembered } from './remembered.ts';
import type { Address } from './transport.ts';

/*
 * Addresses have three forms: bytes on the wire (4 or 16; an IPv4 address may arrive as 16 mapped
 * bytes), canonical text towards sockets and users, and text typed by people. Comparison is always
 * of the canonical text, so the two byte forms of one address are equal; relaying uses the bytes
 * as they were received.
 *
 * A ring is a few thousand addresses that are asked about with every packet and every claim, so what was
 * parsed lately is remembered.
 */

/** Addresses of which something is remembered, at most. */
const MAX_REMEMBERED = 16_384;

/** Canonical text of an IP literal (`[::1]` and mapped forms included), or null if it is none. */
export function canonicalHost(text: string): string | null {
  return canonical(text);
}

const canonical = remembered(parseHost, MAX_REMEMBERED);

function parseHost(text: string): string | null {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (bare.includes('%')) return null;
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return ipaddr.IPv4.parse(bare).toString();
  if (!ipaddr.IPv6.isValid(bare)) return null;
  return canonicalText(ipaddr.IPv6.parse(bare));
}

/** Canonical text of 4 or 16 address bytes, or null for any other length. */
export function hostFromBytes(bytes: Uint8Array): string | null {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  if (bytes.length !== 16) return null;
  return canonicalText(ipaddr.fromByteArray([...bytes]));
}

/** The bytes of a canonical host: 4 for IPv4, 16 for IPv6. */
export function hostToBytes(host: string): Uint8Array {
  return Uint8Array.from(ipaddr.parse(host).toByteArray());
}

const rangeOf = remembered((host) => ipaddr.parse(host).range(), MAX_REMEMBERED);

/** Whether packets can be sent to the host: neither unspecified, multicast nor broadcast. */
export function isReachableHost(host: string): boolean {
  const range = rangeOf(host);
  return range !== 'unspecified' && range !== 'multicast' && range !== 'broadcast';
}

/** Whether the host lies in a block kept for private use (RFC 1918, RFC 6598, RFC 4193). */
export function isPrivateHost(host: string): boolean {
  const range = rangeOf(host);
  return range === 'private' || range === 'carrierGradeNat' || range === 'uniqueLocal';
}

/** Whether the host is only meaningful on this machine or link. */
export function isLocalScope(host: string): boolean {
  const range = rangeOf(host);
  return range === 'loopback' || range === 'linkLocal' || range === 'unspecified';
}

/** `10.0.0.1:7946` or `[::1]:7946`. */
export function formatAddress(address: Address): string {
  return address.host.includes(':')
    ? `[${address.host}]:${address.port}`
    : `${address.host}:${address.port}`;
}

/** The endpoint as an object that all who ask for it lately share. */
export function sharedAddress(host: string, port: number): Address {
  return endpoint(`${host} ${port}`);
}

const endpoint = remembered((text): Address => {
  const [host = '', port] = text.split(' ');
  return Object.freeze({ host, port: Number(port) });
}, MAX_REMEMBERED);

/** The text {@link formatAddress} makes, as a string that all who ask for it lately share: for what keeps it. */
export function sharedAddressText(address: Address): string {
  return sharedText(formatAddress(address));
}

const sharedText = remembered((text) => text, MAX_REMEMBERED);

/** Whether both name the same endpoint. */
export function sameAddress(a: Address, b: Address): boolean {
  return a.port === b.port && a.host === b.host;
}

function canonicalText(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress()) {
    return address.toIPv4Address().toString();
  }
  return address.toString();
}
