package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/serf/serf"
	"github.com/moby/moby/v2/daemon/libnetwork/networkdb"
)

var ringKey = bytes.Repeat([]byte{7}, 32)

// A member of a ring on loopback, encrypted.
type member struct {
	db   *networkdb.NetworkDB
	name string
	port int
}

func startMember(at int) (*member, error) {
	var failed error
	for range 5 {
		c := networkdb.DefaultConfig()
		c.NodeID = nodeName(at)
		c.Hostname = c.NodeID
		c.BindAddr = "127.0.0.1"
		c.AdvertiseAddr = "127.0.0.1"
		c.Keys = [][]byte{ringKey}
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		c.BindPort = port
		db, err := networkdb.New(c)
		if err == nil {
			return &member{db: db, name: c.NodeID, port: port}, nil
		}
		failed = err
	}
	return nil, failed
}

func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

func (m *member) join(port int) error {
	return m.db.Join([]string{net.JoinHostPort("127.0.0.1", strconv.Itoa(port))})
}

func (m *member) count() int { return len(m.db.GetTableByNetwork(tableName, networkName)) }

// joinPatience is how long a ring may take to form. Above 32 members a push/pull comes once in a minute or more, and it
// is what tells of a newcomer whose gossip was lost.
const joinPatience = 4 * time.Minute

// ring starts so many members in this process, all of them known to all, on one network.
func ring(size int) ([]*member, error) {
	var members []*member
	for i := range size {
		m, err := startMember(i + 1)
		if err != nil {
			return nil, err
		}
		members = append(members, m)
		if i > 0 {
			if err := m.join(members[0].port); err != nil {
				return nil, err
			}
		}
	}
	everyone := func(count func(*member) int) func() bool {
		return func() bool {
			for _, m := range members {
				if count(m) != size {
					return false
				}
			}
			return true
		}
	}
	if err := until(joinPatience, everyone(func(m *member) int { return len(m.db.ClusterPeers()) }), "members"); err != nil {
		return nil, err
	}
	for _, m := range members {
		if err := m.db.JoinNetwork(networkName); err != nil {
			return nil, err
		}
	}
	err := until(joinPatience, everyone(func(m *member) int { return len(m.db.Peers(networkName)) }), "peers")
	return members, err
}

func until(patience time.Duration, holds func() bool, what string) error {
	for end := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("never came: %s", what)
		}
	}
	return nil
}

// fill stores entries as this member's own without queueing what tells of them.
func (m *member) fill(count, length int) {
	m.db.Lock()
	defer m.db.Unlock()
	for i := range count {
		storeEntry(m.db, networkName, tableName, keyOf(i), &storedEntry{
			node: m.name, time: serf.LamportTime(i + 1), value: valueOf(i, length),
		})
	}
}

// child is a second process of this program that hosts one member.
type child struct {
	command *exec.Cmd
	input   io.Writer
	output  *bufio.Reader
	port    int
}

// hostMember is what the child does: `member AT ENTRIES VALUE_BYTES JOIN_PORT`, where port 0 joins nobody.
func hostMember(args []string) {
	at, _ := strconv.Atoi(args[0])
	entries, _ := strconv.Atoi(args[1])
	length, _ := strconv.Atoi(args[2])
	port, _ := strconv.Atoi(args[3])
	m, err := startMember(at)
	if err != nil {
		fail(err)
	}
	if port != 0 {
		if err := m.join(port); err != nil {
			fail(err)
		}
	}
	if err := m.db.JoinNetwork(networkName); err != nil {
		fail(err)
	}
	m.fill(entries, length)
	traffic := countTraffic()
	fmt.Println(m.port)
	// A line asks for the bytes sent since; the end of the input ends it, and so its parent's end.
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		_, packetBytes, streamBytes := traffic.sent()
		fmt.Println(packetBytes + streamBytes)
	}
}

func startChild(at, entries, length, port int) (*child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.Command(program, "member", fmt.Sprint(at), fmt.Sprint(entries), fmt.Sprint(length), fmt.Sprint(port))
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	c := &child{command: command, input: input, output: bufio.NewReader(output)}
	own, err := c.number()
	c.port = int(own)
	return c, err
}

func (c *child) number() (float64, error) {
	line, err := c.output.ReadString('\n')
	if err != nil {
		return 0, err
	}
	return strconv.ParseFloat(strings.TrimSpace(line), 64)
}

// sentBytes is what it has sent since it was started and filled.
func (c *child) sentBytes() (float64, error) {
	if _, err := fmt.Fprintln(c.input); err != nil {
		return 0, err
	}
	return c.number()
}

func (c *child) kill() {
	_ = c.command.Process.Kill()
	_ = c.command.Wait()
}
