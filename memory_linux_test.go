package main

import (
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGrowInHugePages: the room that is made is not touched, even where it begins in memory
// that was in use before.
func TestGrowInHugePages(t *testing.T) {
	for size := 1 << 20; size <= 64<<20; size *= 2 {
		used := make([]byte, size)
		for i := range used {
			used[i] = 1
		}
		runtime.KeepAlive(used)
	}
	runtime.GC()
	faults := func() int64 {
		var usage syscall.Rusage
		require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
		return usage.Minflt
	}
	before := faults()
	growInHugePages()
	require.Less(t, faults()-before, int64(10_000), "pages of 4 KiB")
}
