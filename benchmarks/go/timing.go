package main

import (
	"fmt"
	"slices"
	"syscall"
	"time"
)

const batch = 5 * time.Millisecond

// cpu is the processor time of this process so far.
func cpu() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// nanosPer gives what one call takes in processor time: the median over batches of some milliseconds, after a warm-up.
func nanosPer(budget time.Duration, call func()) float64 {
	perBatch := 1
	for {
		start := cpu()
		for range perBatch {
			call()
		}
		if cpu()-start >= batch || perBatch >= 1<<24 {
			break
		}
		perBatch *= 2
	}
	var took []float64
	for end := cpu() + budget; cpu() < end; {
		start := cpu()
		for range perBatch {
			call()
		}
		took = append(took, float64(cpu()-start)/float64(perBatch))
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
