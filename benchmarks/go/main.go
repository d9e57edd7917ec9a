// Plays one benchmark on Go's memberlist or NetworkDB and prints one line of JSON:
//
//	{"figures": {"encode": 1470.2, "decode": 1873.5}}
//
// The names of plays and figures are those of our side (../plays.ts), which runs this program beside itself. What a
// play needs of the packages and they do not export is reached by linkname; nothing of theirs is kept here.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/containerd/log"
)

// Figures are what a play measured, by name. NaN has no place in JSON: what never happened is left out.
type Figures map[string]float64

// Play measures at a size; the budget is the time that a small one may take for each figure.
type Play func(size int, budget time.Duration) (Figures, error)

var plays = map[string]Play{
	"swim-memberlist": swimMessages,
	"swim-protobuf":   swimMessages,
	"compound":        compound,
	"table-event":     tableEvent,
	"aes-gcm":         sealing,
	"secretbox":       sealing,
	"lzw":             lzw,
	"creates":         creates,
	"bulk-events":     bulkEvents,
	"gossip-events":   gossipEvents,
	"get":             get,
	"memory":          memory,
	"sync":            sync2,
	"sync-cold":       sync2,
	"sync-go-wire":    sync2,
	"large-values":    largeValues,
	"one-create":      oneCreate,
	"many-creates":    manyCreates,
	"killed":          killed,
	"idle":            idle,
}

func main() {
	log.L.Logger.SetOutput(io.Discard)
	time.AfterFunc(10*time.Minute, func() { os.Exit(3) })
	if len(os.Args) > 1 && os.Args[1] == "member" {
		hostMember(os.Args[2:])
		return
	}
	if len(os.Args) != 4 {
		fail(fmt.Errorf("usage: bench PLAY SIZE BUDGET_MS"))
	}
	play := plays[os.Args[1]]
	if play == nil {
		fail(fmt.Errorf("no play is called %s", os.Args[1]))
	}
	size, _ := strconv.Atoi(os.Args[2])
	budget, _ := strconv.Atoi(os.Args[3])
	figures, err := play(size, time.Duration(budget)*time.Millisecond)
	if err != nil {
		fail(err)
	}
	text, err := json.Marshal(map[string]any{"figures": figures})
	if err != nil {
		fail(err)
	}
	fmt.Println(string(text))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
