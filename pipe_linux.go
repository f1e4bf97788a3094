package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// wide is what a pipe may hold that is not root's, in bytes, if Linux is asked.
const wide = 1 << 20

// widen lets a pipe hold 1 MiB instead of 64 KiB. The programs at its ends then wait
// for each other less often. What is no pipe, or may not be widened, remains as it
// is. It is for large streams only: all wide pipes of a user share 64 MiB.
func widen(stream any) {
	file, ok := stream.(*os.File)
	if !ok {
		return
	}
	if size, err := unix.FcntlInt(file.Fd(), unix.F_GETPIPE_SZ, 0); err == nil && size < wide {
		_, _ = unix.FcntlInt(file.Fd(), unix.F_SETPIPE_SZ, wide)
	}
}
