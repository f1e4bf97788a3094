package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// widen lets a pipe hold 1 MiB instead of 64 KiB, which is the most that Linux gives
// to everybody. The programs at its ends then wait for each other less often. What
// is no pipe, or may not be widened, remains as it is.
func widen(stream any) {
	file, ok := stream.(*os.File)
	if !ok {
		return
	}
	if conn, err := file.SyscallConn(); err == nil { // Fd would make the pipe block, for all who have it
		_ = conn.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 1<<20) })
	}
}
