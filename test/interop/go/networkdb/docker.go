//go:build docker

package main

import (
	"github.com/docker/docker/libnetwork/networkdb"
)

type (
	database = networkdb.NetworkDB
	config   = networkdb.Config
)

var (
	newDatabase   = networkdb.New
	defaultConfig = networkdb.DefaultConfig
)
