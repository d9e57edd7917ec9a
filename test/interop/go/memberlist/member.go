package main

import (
	"encoding/hex"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/memberlist"

	"interop/line"
)

const patience = 10 * time.Second

type member struct {
	name     string
	options  line.Options
	metadata atomic.Pointer[string]
	list     *memberlist.Memberlist
	ring     *memberlist.Keyring
}

func ms(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func (m *member) config() (*memberlist.Config, error) {
	o := m.options
	c := memberlist.DefaultLocalConfig()
	c.Name = m.name
	c.BindAddr = o.Address
	c.BindPort = o.Port
	c.AdvertisePort = 0
	c.Label = o.Label
	c.EnableCompression = o.Compression
	c.ProtocolVersion = uint8(o.ProtocolVersion)
	c.DelegateProtocolMin = uint8(o.DelegateVersion)
	c.DelegateProtocolMax = uint8(o.DelegateVersion)
	c.DelegateProtocolVersion = uint8(o.DelegateVersion)
	c.ProbeInterval = ms(o.ProbeInterval)
	c.ProbeTimeout = ms(o.ProbeTimeout)
	c.PushPullInterval = ms(o.PushPull)
	c.GossipInterval = ms(o.Gossip)
	c.SuspicionMult = o.SuspicionMult
	c.RetransmitMult = 4
	c.TCPTimeout = patience
	c.LogOutput = line.Log{Node: m.name}
	if len(o.Keys) > 0 {
		keys := make([][]byte, len(o.Keys))
		for i, text := range o.Keys {
			key, err := hex.DecodeString(text)
			if err != nil {
				return nil, err
			}
			keys[i] = key
		}
		ring, err := memberlist.NewKeyring(keys, keys[0])
		if err != nil {
			return nil, err
		}
		c.Keyring = ring
		m.ring = ring
	}
	c.Delegate = m
	c.Events = m
	c.Conflict = m
	return c, nil
}

func (m *member) answer(r line.Request) (line.Fields, error) {
	switch r.Do {
	case "join":
		count, err := m.list.Join(r.Targets)
		return line.Fields{"count": count}, err
	case "members":
		return line.Fields{"members": m.members(), "health": m.list.GetHealthScore()}, nil
	case "metadata":
		m.metadata.Store(&r.Text)
		return nil, m.list.UpdateNode(patience)
	case "packet", "stream":
		return nil, m.send(r)
	case "addKey", "useKey", "removeKey":
		return nil, m.changeKeys(r)
	case "leave":
		return nil, m.list.Leave(patience)
	case "close":
		table.Lock()
		delete(members, m.name)
		table.Unlock()
		return nil, m.list.Shutdown()
	}
	return nil, fmt.Errorf("no verb %q", r.Do)
}

func (m *member) members() []line.Fields {
	found := []line.Fields{}
	for _, n := range m.list.Members() {
		found = append(found, line.Fields{
			"name": n.Name, "host": n.Addr.String(), "port": int(n.Port), "metadata": string(n.Meta),
		})
	}
	return found
}

// send sends the text, repeated until it has the wanted length.
func (m *member) send(r line.Request) error {
	body := []byte(r.Text)
	if r.Bytes > len(body) {
		body = []byte(strings.Repeat(r.Text, r.Bytes/len(body)+1)[:r.Bytes])
	}
	for _, n := range m.list.Members() {
		if n.Name != r.To {
			continue
		}
		if r.Do == "stream" {
			return m.list.SendReliable(n, body)
		}
		return m.list.SendBestEffort(n, body)
	}
	return fmt.Errorf("no member %q", r.To)
}

func (m *member) changeKeys(r line.Request) error {
	key, err := hex.DecodeString(r.Key)
	if err != nil {
		return err
	}
	switch r.Do {
	case "addKey":
		return m.ring.AddKey(key)
	case "useKey":
		return m.ring.UseKey(key)
	}
	return m.ring.RemoveKey(key)
}

// What the library calls.

func (m *member) NodeMeta(int) []byte               { return []byte(*m.metadata.Load()) }
func (m *member) GetBroadcasts(int, int) [][]byte   { return nil }
func (m *member) LocalState(bool) []byte            { return []byte(strings.Repeat("s", m.options.StateBytes)) }
func (m *member) MergeRemoteState(b []byte, _ bool) { m.tell("state", line.Fields{"bytes": len(b)}) }
func (m *member) NotifyJoin(n *memberlist.Node)     { m.tell("join", line.Fields{"name": n.Name}) }
func (m *member) NotifyLeave(n *memberlist.Node)    { m.tell("gone", line.Fields{"name": n.Name}) }
func (m *member) NotifyUpdate(n *memberlist.Node)   { m.tell("update", line.Fields{"name": n.Name}) }

func (m *member) NotifyConflict(existing, other *memberlist.Node) {
	m.tell("conflict", line.Fields{"name": existing.Name, "other": other.Address()})
}

func (m *member) NotifyMsg(b []byte) {
	m.tell("message", line.Fields{"bytes": len(b), "text": string(b[:min(len(b), 32)])})
}

func (m *member) tell(event string, fields line.Fields) {
	fields["event"] = event
	fields["node"] = m.name
	line.Say(fields)
}
