package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/gogo/protobuf/proto"
	"github.com/hashicorp/serf/serf"
	"github.com/moby/moby/v2/daemon/libnetwork/networkdb"
)

// What memberlist says of a member, field by field as its own type has it.
type alive struct {
	Incarnation uint32
	Node        string
	Addr        []byte
	Port        uint16
	Meta        []byte
	Vsn         []uint8
}

type suspect struct {
	Incarnation uint32
	Node        string
	From        string
}

type ping struct {
	SeqNo      uint32
	Node       string
	SourceAddr []byte
	SourcePort uint16
	SourceNode string
}

const (
	pingType    = 0
	suspectType = 3
	aliveType   = 4
)

func aliveOf(at, metaBytes int) alive {
	return alive{
		Incarnation: uint32(1000 + at),
		Node:        fmt.Sprintf("%019d", at),
		Addr:        []byte{10, 0, 1, byte(at)},
		Port:        7946,
		Meta:        bytes.Repeat([]byte{'m'}, metaBytes),
		Vsn:         []uint8{1, 5, 2, 0, 0, 0},
	}
}

func swimMessages(_ int, budget time.Duration) (Figures, error) {
	figures := Figures{}
	a := aliveOf(7, 32)
	s := suspect{Incarnation: 1007, Node: "0000000000000000007", From: "0000000000000000003"}
	p := ping{SeqNo: 77, Node: "0000000000000000007", SourceAddr: []byte{10, 0, 1, 3}, SourcePort: 7946, SourceNode: "0000000000000000003"}
	var a2 alive
	var s2 suspect
	var p2 ping
	for _, one := range []struct {
		name  string
		kind  uint8
		in    any
		out   any
		equal func() bool
		reset func()
	}{
		{"alive", aliveType, &a, &a2, func() bool { return fmt.Sprint(a) == fmt.Sprint(a2) }, func() { a2 = alive{} }},
		{"suspect", suspectType, &s, &s2, func() bool { return s == s2 }, func() { s2 = suspect{} }},
		{"ping", pingType, &p, &p2, func() bool { return fmt.Sprint(p) == fmt.Sprint(p2) }, func() { p2 = ping{} }},
	} {
		buf, err := encodeSwim(one.kind, one.in, false)
		if err != nil {
			return nil, err
		}
		wire := buf.Bytes()
		if err := decodeSwim(wire[1:], one.out); err != nil {
			return nil, err
		}
		if err := check(one.equal(), one.name); err != nil {
			return nil, err
		}
		figures[one.name+"-encode"] = nanosPer(budget, func() { _, _ = encodeSwim(one.kind, one.in, false) })
		figures[one.name+"-decode"] = nanosPer(budget, func() { one.reset(); _ = decodeSwim(wire[1:], one.out) })
		figures[one.name+"-bytes"] = float64(len(wire))
	}
	bare := aliveOf(7, 0)
	buf, err := encodeSwim(aliveType, &bare, false)
	if err != nil {
		return nil, err
	}
	figures["bare-alive-bytes"] = float64(buf.Len())
	return figures, nil
}

func compoundOf(count int) ([]byte, error) {
	var parts [][]byte
	for i := range count {
		a := aliveOf(i, 32)
		buf, err := encodeSwim(aliveType, &a, false)
		if err != nil {
			return nil, err
		}
		parts = append(parts, buf.Bytes())
	}
	return makeSwimCompound(parts).Bytes(), nil
}

func compound(size int, budget time.Duration) (Figures, error) {
	wire, err := compoundOf(size)
	if err != nil {
		return nil, err
	}
	var last alive
	split := func() int {
		_, parts, _ := splitSwimCompound(wire[1:])
		for _, part := range parts {
			last = alive{}
			_ = decodeSwim(part[1:], &last)
		}
		return len(parts)
	}
	if err := check(split() == size && last.Node == fmt.Sprintf("%019d", size-1), "compound"); err != nil {
		return nil, err
	}
	return Figures{"split-decode": nanosPer(budget, func() { split() })}, nil
}

// The events are 241 bytes as they stand in a compound, and look like Docker's: keys of 64 hexadecimal digits, values
// that are half the same in all. `../workload.ts` makes the same ones.
const (
	networkName = "k2f9w7q1z8x5c3v6b4n0m1a2s"
	tableName   = "endpoint_table"
	valueBytes  = 100
)

const digits = "0123456789abcdef"

func hexOf(seed, length int) string {
	state := uint32(seed)*2654435761 + 12345
	text := make([]byte, length)
	for i := range text {
		state = state*1664525 + 1013904223
		text[i] = digits[state>>28]
	}
	return string(text)
}

const sameInAll = "service=api;zone=eu-west-1;port=8080;proto=tcp;weight=10;id="

func keyOf(at int) string { return hexOf(at, 64) }

// Longer values than this are noise, which does not become smaller when compressed.
const longestText = 1000

func valueOf(at, length int) []byte {
	if length > longestText {
		noise := make([]byte, length)
		state := uint32(at + 1)
		for i := range noise {
			state = state*1664525 + 1013904223
			noise[i] = byte(state >> 24)
		}
		return noise
	}
	return []byte(sameInAll + hexOf(at+1_000_000, length-len(sameInAll)))
}

func nodeName(at int) string { return strings.Repeat("d", 12-len(fmt.Sprint(at))) + fmt.Sprint(at) }

func eventOf(at int, owner string) *networkdb.TableEvent {
	return &networkdb.TableEvent{
		Type:      networkdb.TableEventTypeCreate,
		LTime:     serf.LamportTime(at + 1000),
		NodeName:  owner,
		NetworkID: networkName,
		TableName: tableName,
		Key:       keyOf(at),
		Value:     valueOf(at, valueBytes),
	}
}

func tableEvent(_ int, budget time.Duration) (Figures, error) {
	event := eventOf(7, nodeName(1))
	wire, err := encodeGossip(networkdb.MessageTypeTableEvent, event)
	if err != nil {
		return nil, err
	}
	decode := func() networkdb.TableEvent {
		var read networkdb.TableEvent
		_, data, _ := decodeGossip(wire)
		_ = proto.Unmarshal(data, &read)
		return read
	}
	read := decode()
	if err := check(proto.Equal(&read, event), "table event"); err != nil {
		return nil, err
	}
	return Figures{
		"bytes":  float64(len(wire)),
		"encode": nanosPer(budget, func() { _, _ = encodeGossip(networkdb.MessageTypeTableEvent, event) }),
		"decode": nanosPer(budget, func() { decode() }),
	}, nil
}

func sealing(size int, budget time.Duration) (Figures, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	message := bytes.Repeat([]byte{'m'}, size)
	seal := func() []byte {
		var out bytes.Buffer
		_ = encryptPayload(1, key, message, nil, &out)
		return out.Bytes()
	}
	sealed := seal()
	opened, err := decryptPayload([][]byte{key}, append([]byte(nil), sealed...), nil)
	if err != nil {
		return nil, err
	}
	if err := check(bytes.Equal(opened, message), "sealed"); err != nil {
		return nil, err
	}
	return Figures{
		"seal": nanosPer(budget, func() { seal() }),
		"open": nanosPer(budget, func() { _, _ = decryptPayload([][]byte{key}, sealed, nil) }),
	}, nil
}

func lzw(size int, budget time.Duration) (Figures, error) {
	message, err := compoundOf(size)
	if err != nil {
		return nil, err
	}
	packed, err := compressPayload(message, false)
	if err != nil {
		return nil, err
	}
	expanded, err := decompressPayload(packed.Bytes()[1:])
	if err != nil {
		return nil, err
	}
	if err := check(bytes.Equal(expanded, message), "compressed"); err != nil {
		return nil, err
	}
	return Figures{
		"bytes":    float64(packed.Len()),
		"compress": nanosPer(budget, func() { _, _ = compressPayload(message, false) }),
		"expand":   nanosPer(budget, func() { _, _ = decompressPayload(packed.Bytes()[1:]) }),
	}, nil
}
