package main

import "syscall"

// inHugePages asks Linux for pages of 2 MiB behind a buffer: to touch 20 MB for the first
// time in pages of 4 KiB takes longer than to look through them. It is a hint, and without
// effect on a small buffer.
func inHugePages(buffer []byte) { _ = syscall.Madvise(buffer, syscall.MADV_HUGEPAGE) }
