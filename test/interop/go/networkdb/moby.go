//go:build moby

package main

import (
	"github.com/moby/moby/v2/daemon/libnetwork/networkdb"
)

type (
	database = networkdb.NetworkDB
	config   = networkdb.Config
)

var (
	newDatabase   = networkdb.New
	defaultConfig = networkdb.DefaultConfig
)
