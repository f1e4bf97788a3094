package main

import "syscall"

// Memory is touched for the first time much faster in pages of 2 MiB than of 4 KiB. Linux
// has to be asked for them, and may not have any.
const hugePage = 2 << 20

// newBuffer returns an empty buffer, a large one in huge pages. It is never given back.
func newBuffer(capacity int) []byte {
	if capacity >= hugePage/4 {
		size := (capacity + hugePage - 1) / hugePage * hugePage
		buffer, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err == nil {
			_ = syscall.Madvise(buffer, syscall.MADV_HUGEPAGE)
			return buffer[:0]
		}
	}
	return make([]byte, 0, capacity)
}

// growInHugePages makes the heap grow in huge pages: into what is left of slices that nobody
// uses. They are many, as Go clears, and so touches, all of a slice if some of its memory was
// in use before.
func growInHugePages() {
	var room [96][]byte
	for i := range room {
		room[i] = make([]byte, 2*hugePage)
		_ = syscall.Madvise(room[i], syscall.MADV_HUGEPAGE)
	}
}
