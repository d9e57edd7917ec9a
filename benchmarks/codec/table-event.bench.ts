import type { TableEvent } from '../../src/codec/index.ts';
import { decodeGossip, decodeTableEvent, encodeTableEventMessage } from '../../src/codec/index.ts';
import type { AnyBench } from '../bench.ts';
import { benchOf, check, checkSame } from '../bench.ts';
import { nanosPer } from '../timing.ts';
import { eventOf, nodeName } from '../workload.ts';

/* One table event with its header, to bytes and back. */
export const tableEvent: AnyBench = benchOf({
  name: 'table-event',
  subject: {
    encode: (event: TableEvent) => encodeTableEventMessage(event),
    decode: (wire: Uint8Array) => decodeTableEvent(decodeGossip(wire).data),
  },
  play({ encode, decode }, { budgetMs }) {
    const event = eventOf(7, nodeName(1));
    const wire = encode(event);
    checkSame(decode(wire), event, 'table event');
    check(wire.length === WIRE_BYTES, 'size of a table event');
    return {
      bytes: wire.length,
      encode: nanosPer(budgetMs, () => encode(event)),
      decode: nanosPer(budgetMs, () => decode(wire)),
    };
  },
});

const WIRE_BYTES = 235;
