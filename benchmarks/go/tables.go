package main

import (
	"bytes"
	"runtime"
	"time"

	"github.com/moby/moby/v2/daemon/libnetwork/networkdb"
)

func millis(since time.Time) float64 { return float64(time.Since(since).Microseconds()) / 1000 }

func cpuMillis() float64 { return float64(cpu().Microseconds()) / 1000 }

func creates(size int, _ time.Duration) (Figures, error) {
	members, err := ring(2)
	if err != nil {
		return nil, err
	}
	keys, values := make([]string, size), make([][]byte, size)
	for i := range keys {
		keys[i], values[i] = keyOf(i), valueOf(i, valueBytes)
	}
	before := cpuMillis()
	for i, key := range keys {
		if err := members[0].db.CreateEntry(tableName, networkName, key, values[i]); err != nil {
			return nil, err
		}
	}
	took := cpuMillis() - before
	return Figures{"ms": took}, check(members[0].count() == size, "creates")
}

// eventsFrom are events of the second member, packed so many to a message.
func eventsFrom(owner string, size, perMessage int) ([][]byte, error) {
	var messages, parts [][]byte
	for i := range size {
		part, err := encodeGossip(networkdb.MessageTypeTableEvent, eventOf(i, owner))
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		if len(parts) == perMessage || i == size-1 {
			messages = append(messages, makeGossipCompound(parts))
			parts = nil
		}
	}
	return messages, nil
}

func bulkEvents(size int, _ time.Duration) (Figures, error) {
	members, err := ring(2)
	if err != nil {
		return nil, err
	}
	compounds, err := eventsFrom(members[1].name, size, size)
	if err != nil {
		return nil, err
	}
	message, err := encodeGossip(networkdb.MessageTypeBulkSync, &networkdb.BulkSyncMessage{
		LTime: 1_000_000, NodeName: members[1].name, Networks: []string{networkName}, Payload: compounds[0],
	})
	if err != nil {
		return nil, err
	}
	before := cpuMillis()
	handleMessage(members[0].db, message, false)
	took := cpuMillis() - before
	return Figures{"ms": took}, check(members[0].count() == size, "events")
}

func gossipEvents(size int, _ time.Duration) (Figures, error) {
	members, err := ring(2)
	if err != nil {
		return nil, err
	}
	messages, err := eventsFrom(members[1].name, size, 5)
	if err != nil {
		return nil, err
	}
	before := cpuMillis()
	for _, message := range messages {
		handleMessage(members[0].db, message, false)
	}
	took := cpuMillis() - before
	return Figures{"ms": took}, check(members[0].count() == size, "events")
}

func get(size int, budget time.Duration) (Figures, error) {
	members, err := ring(1)
	if err != nil {
		return nil, err
	}
	members[0].fill(size, valueBytes)
	keys := make([]string, size)
	for i := range keys {
		keys[i] = keyOf(i * 7919 % size)
	}
	read, err := members[0].db.GetEntry(tableName, networkName, keyOf(size-1))
	if err != nil {
		return nil, err
	}
	at := 0
	perGet := nanosPer(budget, func() {
		_, _ = members[0].db.GetEntry(tableName, networkName, keys[at])
		at = (at + 1) % size
	})
	return Figures{"get": perGet}, check(bytes.Equal(read, valueOf(size-1, valueBytes)), "get")
}

func memory(size int, _ time.Duration) (Figures, error) {
	members, err := ring(2)
	if err != nil {
		return nil, err
	}
	db := members[0].db
	before := heapBytes()
	compounds, err := eventsFrom(members[1].name, size, 1000)
	if err != nil {
		return nil, err
	}
	for _, compound := range compounds {
		handleMessage(db, compound, true)
	}
	compounds = nil
	after := heapBytes()
	return Figures{"bytes-per-entry": (after - before) / float64(size)}, check(members[0].count() == size, "entries")
}

func heapBytes() float64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc)
}
