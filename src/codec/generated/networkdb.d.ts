// Generated from schema/networkdb.proto by scripts/generate-schema.js. Do not edit.
import * as $protobuf from "protobufjs/minimal.js";
type Long = { low: number; high: number; unsigned: boolean };

/** Namespace networkdb. */
export namespace networkdb {

    /** MessageType enum. */
    enum MessageType {

        /** INVALID value */
        INVALID = 0,

        /** NETWORK_EVENT value */
        NETWORK_EVENT = 1,

        /** TABLE_EVENT value */
        TABLE_EVENT = 2,

        /** PUSH_PULL value */
        PUSH_PULL = 3,

        /** BULK_SYNC value */
        BULK_SYNC = 4,

        /** COMPOUND value */
        COMPOUND = 5,

        /** NODE_EVENT value */
        NODE_EVENT = 6
    }

    /**
     * Properties of a GossipMessage.
     * @deprecated Use networkdb.GossipMessage.$Properties instead.
     */
    interface IGossipMessage extends networkdb.GossipMessage.$Properties {
    }

    /** Represents a GossipMessage. */
    class GossipMessage {

        /**
         * Constructs a new GossipMessage.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb.GossipMessage.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** GossipMessage type. */
        type: networkdb.MessageType;

        /** GossipMessage data. */
        data: Uint8Array;

        /**
         * Encodes the specified GossipMessage message. Does not implicitly {@link networkdb.GossipMessage.verify|verify} messages.
         * @param message GossipMessage message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb.GossipMessage.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a GossipMessage message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb.GossipMessage & networkdb.GossipMessage.$Shape} GossipMessage
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb.GossipMessage & networkdb.GossipMessage.$Shape;
    }

    namespace GossipMessage {

        /** Properties of a GossipMessage. */
        interface $Properties {

            /** GossipMessage type */
            type?: (networkdb.MessageType|null);

            /** GossipMessage data */
            data?: (Uint8Array|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a GossipMessage. */
        type $Shape = networkdb.GossipMessage.$Properties;
    }

    /**
     * Properties of a NodeEvent.
     * @deprecated Use networkdb.NodeEvent.$Properties instead.
     */
    interface INodeEvent extends networkdb.NodeEvent.$Properties {
    }

    /** Represents a NodeEvent. */
    class NodeEvent {

        /**
         * Constructs a new NodeEvent.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb.NodeEvent.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** NodeEvent type. */
        type: number;

        /** NodeEvent lTime. */
        lTime: (number|Long);

        /** NodeEvent nodeName. */
        nodeName: string;

        /**
         * Encodes the specified NodeEvent message. Does not implicitly {@link networkdb.NodeEvent.verify|verify} messages.
         * @param message NodeEvent message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb.NodeEvent.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a NodeEvent message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb.NodeEvent & networkdb.NodeEvent.$Shape} NodeEvent
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb.NodeEvent & networkdb.NodeEvent.$Shape;
    }

    namespace NodeEvent {

        /** Properties of a NodeEvent. */
        interface $Properties {

            /** NodeEvent type */
            type?: (number|null);

            /** NodeEvent lTime */
            lTime?: (number|Long|null);

            /** NodeEvent nodeName */
            nodeName?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a NodeEvent. */
        type $Shape = networkdb.NodeEvent.$Properties;
    }

    /**
     * Properties of a NetworkEvent.
     * @deprecated Use networkdb.NetworkEvent.$Properties instead.
     */
    interface INetworkEvent extends networkdb.NetworkEvent.$Properties {
    }

    /** Represents a NetworkEvent. */
    class NetworkEvent {

        /**
         * Constructs a new NetworkEvent.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb.NetworkEvent.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** NetworkEvent type. */
        type: number;

        /** NetworkEvent lTime. */
        lTime: (number|Long);

        /** NetworkEvent nodeName. */
        nodeName: string;

        /** NetworkEvent networkId. */
        networkId: string;

        /**
         * Encodes the specified NetworkEvent message. Does not implicitly {@link networkdb.NetworkEvent.verify|verify} messages.
         * @param message NetworkEvent message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb.NetworkEvent.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a NetworkEvent message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb.NetworkEvent & networkdb.NetworkEvent.$Shape} NetworkEvent
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb.NetworkEvent & networkdb.NetworkEvent.$Shape;
    }

    namespace NetworkEvent {

        /** Properties of a NetworkEvent. */
        interface $Properties {

            /** NetworkEvent type */
            type?: (number|null);

            /** NetworkEvent lTime */
            lTime?: (number|Long|null);

            /** NetworkEvent nodeName */
            nodeName?: (string|null);

            /** NetworkEvent networkId */
            networkId?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a NetworkEvent. */
        type $Shape = networkdb.NetworkEvent.$Properties;
    }

    /**
     * Properties of a NetworkEntry.
     * @deprecated Use networkdb.NetworkEntry.$Properties instead.
     */
    interface INetworkEntry extends networkdb.NetworkEntry.$Properties {
    }

    /** Represents a NetworkEntry. */
    class NetworkEntry {

        /**
         * Constructs a new NetworkEntry.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb.NetworkEntry.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** NetworkEntry networkId. */
        networkId: string;

        /** NetworkEntry lTime. */
        lTime: (number|Long);

        /** NetworkEntry nodeName. */
        nodeName: string;

        /** NetworkEntry leaving. */
        leaving: boolean;

        /**
         * Encodes the specified NetworkEntry message. Does not implicitly {@link networkdb.NetworkEntry.verify|verify} messages.
         * @param message NetworkEntry message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb.NetworkEntry.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a NetworkEntry message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb.NetworkEntry & networkdb.NetworkEntry.$Shape} NetworkEntry
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb.NetworkEntry & networkdb.NetworkEntry.$Shape;
    }

    namespace NetworkEntry {

        /** Properties of a NetworkEntry. */
        interface $Properties {

            /** NetworkEntry networkId */
            networkId?: (string|null);

            /** NetworkEntry lTime */
            lTime?: (number|Long|null);

            /** NetworkEntry nodeName */
            nodeName?: (string|null);

            /** NetworkEntry leaving */
            leaving?: (boolean|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a NetworkEntry. */
        type $Shape = networkdb.NetworkEntry.$Properties;
    }

    /**
     * Properties of a NetworkPushPull.
     * @deprecated Use networkdb.NetworkPushPull.$Properties instead.
     */
    interface INetworkPushPull extends networkdb.NetworkPushPull.$Properties {
    }

    /** Represents a NetworkPushPull. */
    class NetworkPushPull {

        /**
         * Constructs a new NetworkPushPull.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb.NetworkPushPull.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** NetworkPushPull lTime. */
        lTime: (number|Long);

        /** NetworkPushPull networks. */
        networks: networkdb.NetworkEntry.$Properties[];

        /** NetworkPushPull nodeName. */
        nodeName: string;

        /**
         * Encodes the specified NetworkPushPull message. Does not implicitly {@link networkdb.NetworkPushPull.verify|verify} messages.
         * @param message NetworkPushPull message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb.NetworkPushPull.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a NetworkPushPull message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb.NetworkPushPull & networkdb.NetworkPushPull.$Shape} NetworkPushPull
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb.NetworkPushPull & networkdb.NetworkPushPull.$Shape;
    }

    namespace NetworkPushPull {

        /** Properties of a NetworkPushPull. */
        interface $Properties {

            /** NetworkPushPull lTime */
            lTime?: (number|Long|null);

            /** NetworkPushPull networks */
            networks?: (networkdb.NetworkEntry.$Properties[]|null);

            /** NetworkPushPull nodeName */
            nodeName?: (string|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a NetworkPushPull. */
        type $Shape = networkdb.NetworkPushPull.$Properties;
    }

    /**
     * Properties of a TableEvent.
     * @deprecated Use networkdb.TableEvent.$Properties instead.
     */
    interface ITableEvent extends networkdb.TableEvent.$Properties {
    }

    /** Represents a TableEvent. */
    class TableEvent {

        /**
         * Constructs a new TableEvent.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb.TableEvent.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** TableEvent type. */
        type: number;

        /** TableEvent lTime. */
        lTime: (number|Long);

        /** TableEvent nodeName. */
        nodeName: string;

        /** TableEvent networkId. */
        networkId: string;

        /** TableEvent tableName. */
        tableName: string;

        /** TableEvent key. */
        key: string;

        /** TableEvent value. */
        value: Uint8Array;

        /** TableEvent residualReapTime. */
        residualReapTime: number;

        /**
         * Encodes the specified TableEvent message. Does not implicitly {@link networkdb.TableEvent.verify|verify} messages.
         * @param message TableEvent message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb.TableEvent.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a TableEvent message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb.TableEvent & networkdb.TableEvent.$Shape} TableEvent
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb.TableEvent & networkdb.TableEvent.$Shape;
    }

    namespace TableEvent {

        /** Properties of a TableEvent. */
        interface $Properties {

            /** TableEvent type */
            type?: (number|null);

            /** TableEvent lTime */
            lTime?: (number|Long|null);

            /** TableEvent nodeName */
            nodeName?: (string|null);

            /** TableEvent networkId */
            networkId?: (string|null);

            /** TableEvent tableName */
            tableName?: (string|null);

            /** TableEvent key */
            key?: (string|null);

            /** TableEvent value */
            value?: (Uint8Array|null);

            /** TableEvent residualReapTime */
            residualReapTime?: (number|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a TableEvent. */
        type $Shape = networkdb.TableEvent.$Properties;
    }

    /**
     * Properties of a BulkSyncMessage.
     * @deprecated Use networkdb.BulkSyncMessage.$Properties instead.
     */
    interface IBulkSyncMessage extends networkdb.BulkSyncMessage.$Properties {
    }

    /** Represents a BulkSyncMessage. */
    class BulkSyncMessage {

        /**
         * Constructs a new BulkSyncMessage.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb.BulkSyncMessage.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** BulkSyncMessage lTime. */
        lTime: (number|Long);

        /** BulkSyncMessage unsolicited. */
        unsolicited: boolean;

        /** BulkSyncMessage nodeName. */
        nodeName: string;

        /** BulkSyncMessage networks. */
        networks: string[];

        /** BulkSyncMessage payload. */
        payload: Uint8Array;

        /** BulkSyncMessage ownOnly. */
        ownOnly: boolean;

        /**
         * Encodes the specified BulkSyncMessage message. Does not implicitly {@link networkdb.BulkSyncMessage.verify|verify} messages.
         * @param message BulkSyncMessage message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb.BulkSyncMessage.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a BulkSyncMessage message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb.BulkSyncMessage & networkdb.BulkSyncMessage.$Shape} BulkSyncMessage
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb.BulkSyncMessage & networkdb.BulkSyncMessage.$Shape;
    }

    namespace BulkSyncMessage {

        /** Properties of a BulkSyncMessage. */
        interface $Properties {

            /** BulkSyncMessage lTime */
            lTime?: (number|Long|null);

            /** BulkSyncMessage unsolicited */
            unsolicited?: (boolean|null);

            /** BulkSyncMessage nodeName */
            nodeName?: (string|null);

            /** BulkSyncMessage networks */
            networks?: (string[]|null);

            /** BulkSyncMessage payload */
            payload?: (Uint8Array|null);

            /** BulkSyncMessage ownOnly */
            ownOnly?: (boolean|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a BulkSyncMessage. */
        type $Shape = networkdb.BulkSyncMessage.$Properties;
    }

    /**
     * Properties of a CompoundMessage.
     * @deprecated Use networkdb.CompoundMessage.$Properties instead.
     */
    interface ICompoundMessage extends networkdb.CompoundMessage.$Properties {
    }

    /** Represents a CompoundMessage. */
    class CompoundMessage {

        /**
         * Constructs a new CompoundMessage.
         * @param [properties] Properties to set
         */
        constructor(properties?: networkdb.CompoundMessage.$Properties);

        /** Unknown fields preserved while decoding when enabled */
        $unknowns?: Uint8Array[];

        /** CompoundMessage messages. */
        messages: networkdb.CompoundMessage.SimpleMessage.$Properties[];

        /**
         * Encodes the specified CompoundMessage message. Does not implicitly {@link networkdb.CompoundMessage.verify|verify} messages.
         * @param message CompoundMessage message or plain object to encode
         * @param [writer] Writer to encode to
         * @returns Writer
         */
        static encode(message: networkdb.CompoundMessage.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

        /**
         * Decodes a CompoundMessage message from the specified reader or buffer.
         * @param reader Reader or buffer to decode from
         * @param [length] Message length if known beforehand
         * @returns {networkdb.CompoundMessage & networkdb.CompoundMessage.$Shape} CompoundMessage
         * @throws {Error} If the payload is not a reader or valid buffer
         * @throws {$protobuf.util.ProtocolError} If required fields are missing
         */
        static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb.CompoundMessage & networkdb.CompoundMessage.$Shape;
    }

    namespace CompoundMessage {

        /** Properties of a CompoundMessage. */
        interface $Properties {

            /** CompoundMessage messages */
            messages?: (networkdb.CompoundMessage.SimpleMessage.$Properties[]|null);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];
        }

        /** Shape of a CompoundMessage. */
        type $Shape = networkdb.CompoundMessage.$Properties;

        /**
         * Properties of a SimpleMessage.
         * @deprecated Use networkdb.CompoundMessage.SimpleMessage.$Properties instead.
         */
        interface ISimpleMessage extends networkdb.CompoundMessage.SimpleMessage.$Properties {
        }

        /** Represents a SimpleMessage. */
        class SimpleMessage {

            /**
             * Constructs a new SimpleMessage.
             * @param [properties] Properties to set
             */
            constructor(properties?: networkdb.CompoundMessage.SimpleMessage.$Properties);

            /** Unknown fields preserved while decoding when enabled */
            $unknowns?: Uint8Array[];

            /** SimpleMessage payload. */
            payload: Uint8Array;

            /**
             * Encodes the specified SimpleMessage message. Does not implicitly {@link networkdb.CompoundMessage.SimpleMessage.verify|verify} messages.
             * @param message SimpleMessage message or plain object to encode
             * @param [writer] Writer to encode to
             * @returns Writer
             */
            static encode(message: networkdb.CompoundMessage.SimpleMessage.$Properties, writer?: $protobuf.Writer): $protobuf.Writer;

            /**
             * Decodes a SimpleMessage message from the specified reader or buffer.
             * @param reader Reader or buffer to decode from
             * @param [length] Message length if known beforehand
             * @returns {networkdb.CompoundMessage.SimpleMessage & networkdb.CompoundMessage.SimpleMessage.$Shape} SimpleMessage
             * @throws {Error} If the payload is not a reader or valid buffer
             * @throws {$protobuf.util.ProtocolError} If required fields are missing
             */
            static decode(reader: ($protobuf.Reader|Uint8Array), length?: number): networkdb.CompoundMessage.SimpleMessage & networkdb.CompoundMessage.SimpleMessage.$Shape;
        }

        namespace SimpleMessage {

            /** Properties of a SimpleMessage. */
            interface $Properties {

                /** SimpleMessage payload */
                payload?: (Uint8Array|null);

                /** Unknown fields preserved while decoding when enabled */
                $unknowns?: Uint8Array[];
            }

            /** Shape of a SimpleMessage. */
            type $Shape = networkdb.CompoundMessage.SimpleMessage.$Properties;
        }
    }
}
