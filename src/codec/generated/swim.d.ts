// Generated from schema/swim.proto by scripts/generate-schema.js. Do not edit.
import * as $protobuf from "protobufjs/minimal.js";
type Long = { low: number; high: number; unsigned: boolean };

/** Namespace networkdb_swim. */
export namespace networkdb_swim {

    /**
     * Properties of a Ping.
     * @deprecated Use networkdb_swim.Ping.$Properties instead.
     */
    interface IPing extends networkdb_swim.Ping.$Properties {
    }

    /** Represents a Ping. */
    class Ping {

        /**
         * Constructs a new Ping.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb_swim.Ping.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Ping seq. */
        seq: number;

        /** Ping node. */
        node: string;

        /** Ping sourceAddress. */
        sourceAddress: Uint8Array;

        /** Ping sourcePort. */
        sourcePort: number;

        /** Ping sourceNode. */
        sourceNode: string;

        /**
         * Encodes the specified Ping message. Does not implicitly {@link networkdb_swim.Ping.verify|verify} messages.
         * @param message Ping message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb_swim.Ping.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Ping message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb_swim.Ping & networkdb_swim.Ping.$Shape} Ping
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb_swim.Ping & networkdb_swim.Ping.$Shape;
    }

    namespace Ping {

        /** Properties of a Ping. */
        interface $Properties {

            /** Ping seq */
            seq?: (number|null);

            /** Ping node */
            node?: (string|null);

            /** Ping sourceAddress */
            sourceAddress?: (Uint8Array|null);

            /** Ping sourcePort */
            sourcePort?: (number|null);

            /** Ping sourceNode */
            sourceNode?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Ping. */
        type $Shape = networkdb_swim.Ping.$Properties;
    }

    /**
     * Properties of an IndirectPing.
     * @deprecated Use networkdb_swim.IndirectPing.$Properties instead.
     */
    interface IIndirectPing extends networkdb_swim.IndirectPing.$Properties {
    }

    /** Represents an IndirectPing. */
    class IndirectPing {

        /**
         * Constructs a new IndirectPing.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb_swim.IndirectPing.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** IndirectPing seq. */
        seq: number;

        /** IndirectPing node. */
        node: string;

        /** IndirectPing sourceAddress. */
        sourceAddress: Uint8Array;

        /** IndirectPing sourcePort. */
        sourcePort: number;

        /** IndirectPing sourceNode. */
        sourceNode: string;

        /** IndirectPing target. */
        target: Uint8Array;

        /** IndirectPing port. */
        port: number;

        /** IndirectPing wantsNack. */
        wantsNack: boolean;

        /**
         * Encodes the specified IndirectPing message. Does not implicitly {@link networkdb_swim.IndirectPing.verify|verify} messages.
         * @param message IndirectPing message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb_swim.IndirectPing.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an IndirectPing message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb_swim.IndirectPing & networkdb_swim.IndirectPing.$Shape} IndirectPing
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb_swim.IndirectPing & networkdb_swim.IndirectPing.$Shape;
    }

    namespace IndirectPing {

        /** Properties of an IndirectPing. */
        interface $Properties {

            /** IndirectPing seq */
            seq?: (number|null);

            /** IndirectPing node */
            node?: (string|null);

            /** IndirectPing sourceAddress */
            sourceAddress?: (Uint8Array|null);

            /** IndirectPing sourcePort */
            sourcePort?: (number|null);

            /** IndirectPing sourceNode */
            sourceNode?: (string|null);

            /** IndirectPing target */
            target?: (Uint8Array|null);

            /** IndirectPing port */
            port?: (number|null);

            /** IndirectPing wantsNack */
            wantsNack?: (boolean|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an IndirectPing. */
        type $Shape = networkdb_swim.IndirectPing.$Properties;
    }

    /**
     * Properties of an Ack.
     * @deprecated Use networkdb_swim.Ack.$Properties instead.
     */
    interface IAck extends networkdb_swim.Ack.$Properties {
    }

    /** Represents an Ack. */
    class Ack {

        /**
         * Constructs a new Ack.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb_swim.Ack.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Ack seq. */
        seq: number;

        /** Ack payload. */
        payload: Uint8Array;

        /**
         * Encodes the specified Ack message. Does not implicitly {@link networkdb_swim.Ack.verify|verify} messages.
         * @param message Ack message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb_swim.Ack.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Ack message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb_swim.Ack & networkdb_swim.Ack.$Shape} Ack
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb_swim.Ack & networkdb_swim.Ack.$Shape;
    }

    namespace Ack {

        /** Properties of an Ack. */
        interface $Properties {

            /** Ack seq */
            seq?: (number|null);

            /** Ack payload */
            payload?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Ack. */
        type $Shape = networkdb_swim.Ack.$Properties;
    }

    /**
     * Properties of a Nack.
     * @deprecated Use networkdb_swim.Nack.$Properties instead.
     */
    interface INack extends networkdb_swim.Nack.$Properties {
    }

    /** Represents a Nack. */
    class Nack {

        /**
         * Constructs a new Nack.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb_swim.Nack.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Nack seq. */
        seq: number;

        /**
         * Encodes the specified Nack message. Does not implicitly {@link networkdb_swim.Nack.verify|verify} messages.
         * @param message Nack message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb_swim.Nack.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Nack message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb_swim.Nack & networkdb_swim.Nack.$Shape} Nack
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb_swim.Nack & networkdb_swim.Nack.$Shape;
    }

    namespace Nack {

        /** Properties of a Nack. */
        interface $Properties {

            /** Nack seq */
            seq?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Nack. */
        type $Shape = networkdb_swim.Nack.$Properties;
    }

    /**
     * Properties of an Accusation.
     * @deprecated Use networkdb_swim.Accusation.$Properties instead.
     */
    interface IAccusation extends networkdb_swim.Accusation.$Properties {
    }

    /** Represents an Accusation. */
    class Accusation {

        /**
         * Constructs a new Accusation.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb_swim.Accusation.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Accusation incarnation. */
        incarnation: number;

        /** Accusation node. */
        node: string;

        /** Accusation from. */
        from: string;

        /**
         * Encodes the specified Accusation message. Does not implicitly {@link networkdb_swim.Accusation.verify|verify} messages.
         * @param message Accusation message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb_swim.Accusation.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Accusation message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb_swim.Accusation & networkdb_swim.Accusation.$Shape} Accusation
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb_swim.Accusation & networkdb_swim.Accusation.$Shape;
    }

    namespace Accusation {

        /** Properties of an Accusation. */
        interface $Properties {

            /** Accusation incarnation */
            incarnation?: (number|null);

            /** Accusation node */
            node?: (string|null);

            /** Accusation from */
            from?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Accusation. */
        type $Shape = networkdb_swim.Accusation.$Properties;
    }

    /**
     * Properties of an Alive.
     * @deprecated Use networkdb_swim.Alive.$Properties instead.
     */
    interface IAlive extends networkdb_swim.Alive.$Properties {
    }

    /** Represents an Alive. */
    class Alive {

        /**
         * Constructs a new Alive.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb_swim.Alive.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Alive incarnation. */
        incarnation: number;

        /** Alive node. */
        node: string;

        /** Alive address. */
        address: Uint8Array;

        /** Alive port. */
        port: number;

        /** Alive metadata. */
        metadata: Uint8Array;

        /** Alive versions. */
        versions: Uint8Array;

        /** Alive startId. */
        startId: Uint8Array;

        /**
         * Encodes the specified Alive message. Does not implicitly {@link networkdb_swim.Alive.verify|verify} messages.
         * @param message Alive message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb_swim.Alive.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes an Alive message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb_swim.Alive & networkdb_swim.Alive.$Shape} Alive
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb_swim.Alive & networkdb_swim.Alive.$Shape;
    }

    namespace Alive {

        /** Properties of an Alive. */
        interface $Properties {

            /** Alive incarnation */
            incarnation?: (number|null);

            /** Alive node */
            node?: (string|null);

            /** Alive address */
            address?: (Uint8Array|null);

            /** Alive port */
            port?: (number|null);

            /** Alive metadata */
            metadata?: (Uint8Array|null);

            /** Alive versions */
            versions?: (Uint8Array|null);

            /** Alive startId */
            startId?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of an Alive. */
        type $Shape = networkdb_swim.Alive.$Properties;
    }

    /**
     * Properties of a PushPullHeader.
     * @deprecated Use networkdb_swim.PushPullHeader.$Properties instead.
     */
    interface IPushPullHeader extends networkdb_swim.PushPullHeader.$Properties {
    }

    /** Represents a PushPullHeader. */
    class PushPullHeader {

        /**
         * Constructs a new PushPullHeader.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb_swim.PushPullHeader.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** PushPullHeader nodes. */
        nodes: number;

        /** PushPullHeader userStateBytes. */
        userStateBytes: number;

        /** PushPullHeader join. */
        join: boolean;

        /**
         * Encodes the specified PushPullHeader message. Does not implicitly {@link networkdb_swim.PushPullHeader.verify|verify} messages.
         * @param message PushPullHeader message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb_swim.PushPullHeader.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a PushPullHeader message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb_swim.PushPullHeader & networkdb_swim.PushPullHeader.$Shape} PushPullHeader
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb_swim.PushPullHeader & networkdb_swim.PushPullHeader.$Shape;
    }

    namespace PushPullHeader {

        /** Properties of a PushPullHeader. */
        interface $Properties {

            /** PushPullHeader nodes */
            nodes?: (number|null);

            /** PushPullHeader userStateBytes */
            userStateBytes?: (number|null);

            /** PushPullHeader join */
            join?: (boolean|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a PushPullHeader. */
        type $Shape = networkdb_swim.PushPullHeader.$Properties;
    }

    /**
     * Properties of a PushPullNode.
     * @deprecated Use networkdb_swim.PushPullNode.$Properties instead.
     */
    interface IPushPullNode extends networkdb_swim.PushPullNode.$Properties {
    }

    /** Represents a PushPullNode. */
    class PushPullNode {

        /**
         * Constructs a new PushPullNode.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb_swim.PushPullNode.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** PushPullNode incarnation. */
        incarnation: number;

        /** PushPullNode name. */
        name: string;

        /** PushPullNode address. */
        address: Uint8Array;

        /** PushPullNode port. */
        port: number;

        /** PushPullNode metadata. */
        metadata: Uint8Array;

        /** PushPullNode versions. */
        versions: Uint8Array;

        /** PushPullNode startId. */
        startId: Uint8Array;

        /** PushPullNode state. */
        state: number;

        /**
         * Encodes the specified PushPullNode message. Does not implicitly {@link networkdb_swim.PushPullNode.verify|verify} messages.
         * @param message PushPullNode message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb_swim.PushPullNode.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a PushPullNode message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb_swim.PushPullNode & networkdb_swim.PushPullNode.$Shape} PushPullNode
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb_swim.PushPullNode & networkdb_swim.PushPullNode.$Shape;
    }

    namespace PushPullNode {

        /** Properties of a PushPullNode. */
        interface $Properties {

            /** PushPullNode incarnation */
            incarnation?: (number|null);

            /** PushPullNode name */
            name?: (string|null);

            /** PushPullNode address */
            address?: (Uint8Array|null);

            /** PushPullNode port */
            port?: (number|null);

            /** PushPullNode metadata */
            metadata?: (Uint8Array|null);

            /** PushPullNode versions */
            versions?: (Uint8Array|null);

            /** PushPullNode startId */
            startId?: (Uint8Array|null);

            /** PushPullNode state */
            state?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a PushPullNode. */
        type $Shape = networkdb_swim.PushPullNode.$Properties;
    }

    /**
     * Properties of a UserHeader.
     * @deprecated Use networkdb_swim.UserHeader.$Properties instead.
     */
    interface IUserHeader extends networkdb_swim.UserHeader.$Properties {
    }

    /** Represents a UserHeader. */
    class UserHeader {

        /**
         * Constructs a new UserHeader.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb_swim.UserHeader.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** UserHeader payloadBytes. */
        payloadBytes: number;

        /**
         * Encodes the specified UserHeader message. Does not implicitly {@link networkdb_swim.UserHeader.verify|verify} messages.
         * @param message UserHeader message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb_swim.UserHeader.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a UserHeader message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb_swim.UserHeader & networkdb_swim.UserHeader.$Shape} UserHeader
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb_swim.UserHeader & networkdb_swim.UserHeader.$Shape;
    }

    namespace UserHeader {

        /** Properties of a UserHeader. */
        interface $Properties {

            /** UserHeader payloadBytes */
            payloadBytes?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a UserHeader. */
        type $Shape = networkdb_swim.UserHeader.$Properties;
    }

    /**
     * Properties of a Refusal.
     * @deprecated Use networkdb_swim.Refusal.$Properties instead.
     */
    interface IRefusal extends networkdb_swim.Refusal.$Properties {
    }

    /** Represents a Refusal. */
    class Refusal {

        /**
         * Constructs a new Refusal.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb_swim.Refusal.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** Refusal reason. */
        reason: number;

        /** Refusal text. */
        text: string;

        /**
         * Encodes the specified Refusal message. Does not implicitly {@link networkdb_swim.Refusal.verify|verify} messages.
         * @param message Refusal message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb_swim.Refusal.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a Refusal message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb_swim.Refusal & networkdb_swim.Refusal.$Shape} Refusal
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb_swim.Refusal & networkdb_swim.Refusal.$Shape;
    }

    namespace Refusal {

        /** Properties of a Refusal. */
        interface $Properties {

            /** Refusal reason */
            reason?: (number|null);

            /** Refusal text */
            text?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a Refusal. */
        type $Shape = networkdb_swim.Refusal.$Properties;
    }
}
