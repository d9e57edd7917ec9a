/*
 * Values as JSON that loses nothing: bytes as {"$hex"}, integers beyond 2^53 as {"$int"}, and long bytes
 * that repeat as {"$hex", "$times"}.
 */

/** A value as it stands in the file. */
export function pack(value: unknown): unknown {
  if (value instanceof Uint8Array) return packBytes(value);
  if (typeof value === 'bigint') return { $int: value.toString() };
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, pack(item)]));
}

function packBytes(bytes: Uint8Array): unknown {
  const hex = toHex(bytes);
  for (let period = 1; bytes.length > 1000 && period <= 100; period += 1) {
    const $hex = hex.slice(0, period * 2);
    const $times = bytes.length / period;
    if (Number.isInteger($times) && $hex.repeat($times) === hex) return { $hex, $times };
  }
  return { $hex: hex };
}

/** The value that a packed one stands for. */
export function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  if (typeof value !== 'object' || value === null) return value;
  const { $hex, $times, $int } = value as { $hex?: string; $times?: number; $int?: string };
  if ($hex !== undefined) return fromHex($hex.repeat($times ?? 1));
  if ($int !== undefined) return BigInt($int);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, unpack(item)]));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}
