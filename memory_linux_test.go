package main

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/networknt/netpol-merge/merge/mergetest"
)

// TestRoomIsNotTouched: what the heap may grow into is not part of what a run takes.
func TestRoomIsNotTouched(t *testing.T) {
	useProgram(t)
	stream := mergetest.Target + strings.Repeat("---\nkind: NetworkPolicy\n", 1500)
	for range 10 {
		command := exec.Command("netpol-merge", "explain")
		command.Stdin = strings.NewReader(stream)
		require.NoError(t, command.Run())
		usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
		require.True(t, ok)
		require.Less(t, usage.Minflt, int64(30_000), "pages of 4 KiB")
	}
}
