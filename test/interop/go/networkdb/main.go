// Hosts members of Docker's NetworkDB for the interop suite. Which one is chosen by build tag: `docker` is
// the module github.com/docker/docker, `moby` its successor github.com/moby/moby/v2.
package main

import (
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/containerd/log"
	"github.com/sirupsen/logrus"

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

// levels gives the lines of the library's logger the form that memberlist's have.
type levels struct{}

func (levels) Format(entry *logrus.Entry) ([]byte, error) {
	level := "INFO"
	switch {
	case entry.Level <= logrus.ErrorLevel:
		level = "ERR"
	case entry.Level == logrus.WarnLevel:
		level = "WARN"
	}
	text := entry.Message
	if err, ok := entry.Data[logrus.ErrorKey]; ok {
		text = fmt.Sprintf("%s: %v", text, err)
	}
	return fmt.Appendf(nil, "[%s] %s\n", level, text), nil
}

func main() {
	log.L.Logger.SetOutput(line.Log{})
	log.L.Logger.SetFormatter(levels{})
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
	c := defaultConfig()
	c.NodeID = r.Node
	c.Hostname = r.Node
	c.BindAddr = r.Options.Address
	c.AdvertiseAddr = r.Options.Address
	for _, text := range r.Options.Keys {
		key, err := hex.DecodeString(text)
		if err != nil {
			return nil, err
		}
		c.Keys = append(c.Keys, key)
	}
	var failed error
	for range 5 {
		c.BindPort = r.Options.Port
		if c.BindPort == 0 {
			port, err := line.FreePort(r.Options.Address)
			if err != nil {
				return nil, err
			}
			c.BindPort = port
		}
		db, err := newDatabase(c)
		if err == nil {
			table.Lock()
			members[r.Node] = &member{name: r.Node, db: db}
			table.Unlock()
			return line.Fields{"host": r.Options.Address, "port": c.BindPort}, nil
		}
		failed = err
	}
	return nil, failed
}
