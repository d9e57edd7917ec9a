package main

import (
	"math"
	"slices"
	"time"

	"github.com/armon/go-metrics"
)

// counted keeps what memberlist counts of its traffic in this process.
type counted struct{ sink *metrics.InmemSink }

func countTraffic() counted {
	sink := metrics.NewInmemSink(time.Hour, 24*time.Hour)
	config := metrics.DefaultConfig("bench")
	config.EnableHostname = false
	config.EnableRuntimeMetrics = false
	_, _ = metrics.NewGlobal(config, sink)
	return counted{sink}
}

// sent gives packets and bytes, both as they leave the member, sealed.
func (c counted) sent() (packets, packetBytes, streamBytes float64) {
	for _, interval := range c.sink.Data() {
		interval.RLock()
		for name, counter := range interval.Counters {
			switch name {
			case "bench.memberlist.udp.sent":
				packets += float64(counter.Count)
				packetBytes += counter.Sum
			case "bench.memberlist.tcp.sent":
				streamBytes += counter.Sum
			}
		}
		interval.RUnlock()
	}
	return packets, packetBytes, streamBytes
}

// sync2 lets a member join another process that holds entries. Nothing needs to be warmed up, and a network before it
// would be exchanged again with it.
func sync2(size int, _ time.Duration) (Figures, error) {
	return exchange(size, valueBytes, time.Minute)
}

func largeValues(size int, _ time.Duration) (Figures, error) {
	figures, err := exchange(size, 1<<20, 15*time.Second)
	if figures != nil {
		// It says nothing and delivers nothing: no figure is the result.
		return figures, nil
	}
	return Figures{}, err
}

func exchange(size, length int, patience time.Duration) (Figures, error) {
	other, err := startChild(2, size, length, 0)
	if err != nil {
		return nil, err
	}
	defer other.kill()
	m, err := startMember(1)
	if err != nil {
		return nil, err
	}
	if err := m.join(other.port); err != nil {
		return nil, err
	}
	if err := until(10*time.Second, func() bool { return len(m.db.Peers(networkName)) > 0 || len(m.db.ClusterPeers()) == 2 }, "member"); err != nil {
		return nil, err
	}
	traffic := countTraffic()
	cpu := cpuMillis()
	start := time.Now()
	if err := m.db.JoinNetwork(networkName); err != nil {
		return nil, err
	}
	if err := until(patience, func() bool { return m.count() == size }, "entries"); err != nil {
		return Figures{}, nil
	}
	took, used := millis(start), cpuMillis()-cpu
	_, packetBytes, streamBytes := traffic.sent()
	others, err := other.sentBytes()
	return Figures{"ms": took, "cpu-ms": used, "bytes": packetBytes + streamBytes + others}, err
}

func waitForAll(members []*member, size int, patience time.Duration) error {
	last := keyOf(size - 1)
	return until(patience, func() bool {
		for _, m := range members {
			if _, err := m.db.GetEntry(tableName, networkName, last); err != nil {
				return false
			}
		}
		for _, m := range members {
			if m.count() < size {
				return false
			}
		}
		return true
	}, "entries at all")
}

func oneCreate(size int, _ time.Duration) (Figures, error) {
	members, err := ring(size)
	if err != nil {
		return nil, err
	}
	time.Sleep(2 * time.Second)
	var took []float64
	for i := range 10 {
		start := time.Now()
		if err := members[i%size].db.CreateEntry(tableName, networkName, keyOf(i), valueOf(i, valueBytes)); err != nil {
			return nil, err
		}
		if err := waitForAll(members, i+1, time.Minute); err != nil {
			return nil, err
		}
		took = append(took, millis(start))
		time.Sleep(137 * time.Millisecond)
	}
	slices.Sort(took)
	return Figures{"ms": (took[4] + took[5]) / 2, "most-ms": took[9]}, nil
}

func manyCreates(size int, _ time.Duration) (Figures, error) {
	members, err := ring(size)
	if err != nil {
		return nil, err
	}
	time.Sleep(2 * time.Second)
	start, before := time.Now(), cpuMillis()
	for i := range 1000 {
		if err := members[0].db.CreateEntry(tableName, networkName, keyOf(i), valueOf(i, valueBytes)); err != nil {
			return nil, err
		}
	}
	if err := waitForAll(members, 1000, 6*time.Minute); err != nil {
		return nil, err
	}
	return Figures{"ms": millis(start), "cpu-ms": cpuMillis() - before}, nil
}

// killed ends the process of one member, without a word, and waits until no other counts it any more.
func killed(size int, _ time.Duration) (Figures, error) {
	members, err := ring(size - 1)
	if err != nil {
		return nil, err
	}
	victim, err := startChild(size, 0, 0, members[0].port)
	if err != nil {
		return nil, err
	}
	defer victim.kill()
	all := func(count int) func() bool {
		return func() bool {
			for _, m := range members {
				if len(m.db.ClusterPeers()) != count {
					return false
				}
			}
			return true
		}
	}
	if err := until(time.Minute, all(size), "the victim"); err != nil {
		return nil, err
	}
	time.Sleep(3 * time.Second)
	victim.kill()
	start := time.Now()
	if err := until(2*time.Minute, all(size-1), "the news"); err != nil {
		return nil, err
	}
	return Figures{"ms": millis(start)}, nil
}

const idleFor = 30 * time.Second

func idle(size int, _ time.Duration) (Figures, error) {
	traffic := countTraffic()
	members, err := ring(size)
	if err != nil {
		return nil, err
	}
	time.Sleep(5 * time.Second)
	packets, packetBytes, streamBytes := traffic.sent()
	cpu := cpuMillis()
	time.Sleep(idleFor)
	packets2, packetBytes2, streamBytes2 := traffic.sent()
	per := idleFor.Seconds() * float64(len(members))
	bytes := packetBytes2 - packetBytes + streamBytes2 - streamBytes
	figures := Figures{
		"packets-per-s": (packets2 - packets) / per,
		"bytes-per-s":   bytes / per,
		"cpu-ms-per-s":  (cpuMillis() - cpu) / per,
	}
	return figures, check(!math.IsNaN(bytes) && packets2 > packets, "traffic")
}
