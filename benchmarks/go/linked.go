package main

import (
	"bytes"
	"time"
	_ "unsafe" // for linkname

	"github.com/hashicorp/serf/serf"
	"github.com/moby/moby/v2/daemon/libnetwork/networkdb"
)

// Functions of the two packages that they keep to themselves. A body would be ours: `linked.s` is there so
// that the compiler takes them without one.

//go:linkname encodeSwim github.com/hashicorp/memberlist.encode
func encodeSwim(kind uint8, in any, newTimeFormat bool) (*bytes.Buffer, error)

//go:linkname decodeSwim github.com/hashicorp/memberlist.decode
func decodeSwim(buf []byte, out any) error

//go:linkname makeSwimCompound github.com/hashicorp/memberlist.makeCompoundMessage
func makeSwimCompound(parts [][]byte) *bytes.Buffer

//go:linkname splitSwimCompound github.com/hashicorp/memberlist.decodeCompoundMessage
func splitSwimCompound(buf []byte) (lost int, parts [][]byte, err error)

//go:linkname encryptPayload github.com/hashicorp/memberlist.encryptPayload
func encryptPayload(version uint8, key, message, bound []byte, out *bytes.Buffer) error

//go:linkname decryptPayload github.com/hashicorp/memberlist.decryptPayload
func decryptPayload(keys [][]byte, message, bound []byte) ([]byte, error)

//go:linkname compressPayload github.com/hashicorp/memberlist.compressPayload
func compressPayload(in []byte, newTimeFormat bool) (*bytes.Buffer, error)

//go:linkname decompressPayload github.com/hashicorp/memberlist.decompressPayload
func decompressPayload(message []byte) ([]byte, error)

//go:linkname encodeGossip github.com/moby/moby/v2/daemon/libnetwork/networkdb.encodeMessage
func encodeGossip(kind networkdb.MessageType, message any) ([]byte, error)

//go:linkname decodeGossip github.com/moby/moby/v2/daemon/libnetwork/networkdb.decodeMessage
func decodeGossip(buf []byte) (networkdb.MessageType, []byte, error)

//go:linkname makeGossipCompound github.com/moby/moby/v2/daemon/libnetwork/networkdb.makeCompoundMessage
func makeGossipCompound(parts [][]byte) []byte

//go:linkname handleMessage github.com/moby/moby/v2/daemon/libnetwork/networkdb.(*NetworkDB).handleMessage
func handleMessage(db *networkdb.NetworkDB, buf []byte, isBulkSync bool)

//go:linkname storeEntry github.com/moby/moby/v2/daemon/libnetwork/networkdb.(*NetworkDB).createOrUpdateEntry
func storeEntry(db *networkdb.NetworkDB, network, table, key string, entry *storedEntry) (bool, bool)

// storedEntry has the layout of the package's own record.
type storedEntry struct {
	node     string
	time     serf.LamportTime
	value    []byte
	deleting bool
	reapTime time.Duration
}
