package main

import (
	"fmt"
	"slices"
	"time"
)

const batch = 5 * time.Millisecond

// nanosPer gives what one call takes: the median over batches of some milliseconds, after a warm-up.
func nanosPer(budget time.Duration, call func()) float64 {
	perBatch := 1
	for {
		start := time.Now()
		for range perBatch {
			call()
		}
		if time.Since(start) >= batch || perBatch >= 1<<24 {
			break
		}
		perBatch *= 2
	}
	var took []float64
	for end := time.Now().Add(budget); time.Now().Before(end); {
		start := time.Now()
		for range perBatch {
			call()
		}
		took = append(took, float64(time.Since(start))/float64(perBatch))
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// check is an error unless what must hold does.
func check(holds bool, what string) error {
	if holds {
		return nil
	}
	return fmt.Errorf("wrong result: %s", what)
}
