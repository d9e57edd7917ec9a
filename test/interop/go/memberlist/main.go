// Hosts members of hashicorp/memberlist for the interop suite.
package main

import (
	"fmt"
	"sync"

	"github.com/hashicorp/memberlist"

	"interop/line"
)

var (
	table   sync.Mutex
	members = map[string]*member{}
)

func find(name string) (*member, error) {
	table.Lock()
	defer table.Unlock()
	if m := members[name]; m != nil {
		return m, nil
	}
	return nil, fmt.Errorf("no member %q here", name)
}

func main() {
	line.Serve(func(r line.Request) (line.Fields, error) {
		if r.Do == "create" {
			return create(r)
		}
		m, err := find(r.Node)
		if err != nil {
			return nil, err
		}
		return m.answer(r)
	})
}

func create(r line.Request) (line.Fields, error) {
	m := &member{name: r.Node, options: r.Options}
	m.metadata.Store(&r.Options.Metadata)
	config, err := m.config()
	if err != nil {
		return nil, err
	}
	if m.list, err = memberlist.Create(config); err != nil {
		return nil, err
	}
	table.Lock()
	members[r.Node] = m
	table.Unlock()
	node := m.list.LocalNode()
	return line.Fields{"host": node.Addr.String(), "port": int(node.Port)}, nil
}
