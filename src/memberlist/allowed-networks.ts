import ipaddr from 'ipaddr.js';

/** One block of addresses. */
interface Block {
  readonly address: ipaddr.IPv4 | ipaddr.IPv6;
  readonly prefixBits: number;
}

/**
 * The blocks of addresses from which members are accepted.
 *
 * Claims about members elsewhere are ignored, and so are claims that come from elsewhere. An IPv4 address
 * never lies in an IPv6 block, nor the other way round; mapped addresses count as IPv4.
 *
 * @remarks memberlist CIDRsAllowed; an empty list there means "all", here it is refused as an option
 */
export class AllowedNetworks {
  readonly #blocks: readonly Block[] | null;

  /** @param blocks - `10.0.0.0/8` and the like, checked before; null allows all */
  constructor(blocks: readonly string[] | null) {
    this.#blocks = blocks === null ? null : blocks.map((text) => parseBlock(text)).filter(isBlock);
  }

  /** Whether a canonical host may be a member, or speak of members. */
  allows(host: string): boolean {
    if (this.#blocks === null) return true;
    const address = ipaddr.process(host);
    return this.#blocks.some((block) => {
      return block.address.kind() === address.kind() && contains(block, address);
    });
  }
}

/** Whether a text is a block of addresses with its prefix length. */
export function isAddressBlock(text: unknown): text is string {
  return typeof text === 'string' && parseBlock(text) !== null;
}

function parseBlock(text: string): Block | null {
  const trimmed = text.trim();
  if (!ipaddr.isValidCIDR(trimmed)) return null;
  const [address, prefixBits] = ipaddr.parseCIDR(trimmed);
  return { address, prefixBits };
}

function isBlock(block: Block | null): block is Block {
  return block !== null;
}

function contains(block: Block, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  const bits = block.address.toByteArray();
  const other = address.toByteArray();
  for (let bit = 0; bit < block.prefixBits; bit += 1) {
    const mask = 0x80 >> (bit & 7);
    const at = bit >> 3;
    if (((bits[at] ?? 0) & mask) !== ((other[at] ?? 0) & mask)) return false;
  }
  return true;
}
