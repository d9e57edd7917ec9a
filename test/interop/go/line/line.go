// Package line lets a parent process drive members hosted here: one JSON object a line comes in on
// standard input, answers and events go out on standard output. Nothing else may write there.
//
//	in   {"id": 1, "node": "go1", "do": "join", ...}
//	out  {"id": 1, "count": 2}    or    {"id": 1, "error": "..."}
//	out  {"event": "join", "node": "go1", ...}
//
// Requests run side by side, so that one that waits does not hold up the others. The program ends when
// its input does, or its time is over: no run can leave one behind.
package line

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// Fields are the members of one line.
type Fields = map[string]any

// Request is one line of input; each verb reads the members it knows.
type Request struct {
	ID      int      `json:"id"`
	Node    string   `json:"node"`
	Do      string   `json:"do"`
	Targets []string `json:"targets"`
	To      string   `json:"to"`
	Text    string   `json:"text"`
	Bytes   int      `json:"bytes"`
	Key     string   `json:"key"`
	Network string   `json:"network"`
	Table   string   `json:"table"`
	Value   string   `json:"value"`
	Count   int      `json:"count"`
	Options Options  `json:"options"`
}

// Options say how a member is made. Durations are in milliseconds, keys in hexadecimal.
type Options struct {
	Address         string   `json:"address"`
	Port            int      `json:"port"`
	Keys            []string `json:"keys"`
	Label           string   `json:"label"`
	Compression     bool     `json:"compression"`
	ProtocolVersion int      `json:"protocolVersion"`
	Metadata        string   `json:"metadata"`
	StateBytes      int      `json:"stateBytes"`
	ProbeInterval   int      `json:"probeIntervalMs"`
	ProbeTimeout    int      `json:"probeTimeoutMs"`
	PushPull        int      `json:"pushPullIntervalMs"`
	Gossip          int      `json:"gossipIntervalMs"`
	SuspicionMult   int      `json:"suspicionMult"`
	DelegateVersion int      `json:"delegateVersion"`
}

const longestRun = 20 * time.Minute

var writing sync.Mutex

// Say writes one line of output.
func Say(fields Fields) {
	text, err := json.Marshal(fields)
	if err != nil {
		text = []byte(`{"event":"broken"}`)
	}
	writing.Lock()
	defer writing.Unlock()
	fmt.Println(string(text))
}

// Serve answers requests until the input ends.
func Serve(answer func(Request) (Fields, error)) {
	time.AfterFunc(longestRun, func() { os.Exit(3) })
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(make([]byte, 1<<16), 1<<24)
	for input.Scan() {
		var request Request
		if err := json.Unmarshal(input.Bytes(), &request); err != nil {
			Say(Fields{"event": "broken", "text": err.Error()})
			continue
		}
		go func() {
			fields, err := answer(request)
			if fields == nil {
				fields = Fields{}
			}
			if err != nil {
				fields["error"] = err.Error()
			}
			fields["id"] = request.ID
			Say(fields)
		}()
	}
}

// Log takes what a library logs, line by line, and passes warnings and errors on.
type Log struct{ Node string }

func (l Log) Write(text []byte) (int, error) {
	for _, one := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
		for _, level := range []string{"ERR", "WARN"} {
			if strings.Contains(one, "["+level+"]") {
				Say(Fields{"event": "log", "node": l.Node, "level": level, "text": one})
			}
		}
	}
	return len(text), nil
}

// FreePort finds a port that is free for packets and streams; another process may still take it.
func FreePort(address string) (int, error) {
	for range 20 {
		stream, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
		if err != nil {
			return 0, err
		}
		port := stream.Addr().(*net.TCPAddr).Port
		packets, err := net.ListenPacket("udp", net.JoinHostPort(address, fmt.Sprint(port)))
		stream.Close()
		if err == nil {
			packets.Close()
			return port, nil
		}
	}
	return 0, fmt.Errorf("no port is free at %s", address)
}
