package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"

	"interop/line"
)

type member struct {
	name string
	db   *database
}

func (m *member) answer(r line.Request) (line.Fields, error) {
	switch r.Do {
	case "join":
		return line.Fields{"count": len(r.Targets)}, m.db.Join(r.Targets)
	case "members":
		return line.Fields{"members": m.members()}, nil
	case "peers":
		names := []string{}
		for _, p := range m.db.Peers(r.Network) {
			names = append(names, p.Name)
		}
		return line.Fields{"peers": names}, nil
	case "joinNetwork":
		return nil, m.db.JoinNetwork(r.Network)
	case "leaveNetwork":
		return nil, m.db.LeaveNetwork(r.Network)
	case "createEntry":
		return nil, m.db.CreateEntry(r.Table, r.Network, r.Key, []byte(r.Value))
	case "updateEntry":
		return nil, m.db.UpdateEntry(r.Table, r.Network, r.Key, []byte(r.Value))
	case "deleteEntry":
		return nil, m.db.DeleteEntry(r.Table, r.Network, r.Key)
	case "fill":
		for i := range r.Count {
			key := fmt.Sprintf("%s%d", r.Key, i)
			if err := m.db.CreateEntry(r.Table, r.Network, key, []byte(r.Value)); err != nil {
				return nil, err
			}
		}
		return nil, nil
	case "entries":
		return m.entries(r), nil
	case "addKey", "useKey", "removeKey":
		return nil, m.changeKeys(r)
	case "close":
		table.Lock()
		delete(members, m.name)
		table.Unlock()
		m.db.Close()
		return nil, nil
	}
	return nil, fmt.Errorf("no verb %q", r.Do)
}

func (m *member) members() []line.Fields {
	found := []line.Fields{}
	for _, p := range m.db.ClusterPeers() {
		found = append(found, line.Fields{"name": p.Name, "metadata": ""})
	}
	return found
}

// entries gives the number of live entries and a digest over keys and values, sorted, and the first few.
func (m *member) entries(r line.Request) line.Fields {
	lines := []string{}
	for key, element := range m.db.GetTableByNetwork(r.Table, r.Network) {
		lines = append(lines, key+"="+string(element.Value))
	}
	sort.Strings(lines)
	digest := sha256.New()
	for _, one := range lines {
		digest.Write([]byte(one + "\n"))
	}
	return line.Fields{
		"count":  len(lines),
		"digest": hex.EncodeToString(digest.Sum(nil)),
		"first":  lines[:min(len(lines), r.Count)],
	}
}

func (m *member) changeKeys(r line.Request) error {
	key, err := hex.DecodeString(r.Key)
	if err != nil {
		return err
	}
	switch r.Do {
	case "addKey":
		m.db.SetKey(key)
	case "useKey":
		m.db.SetPrimaryKey(key)
	case "removeKey":
		m.db.RemoveKey(key)
	}
	return nil
}
