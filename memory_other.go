//go:build !linux

package main

func newBuffer(capacity int) []byte { return make([]byte, 0, capacity) }

// growInHugePages is for Linux only.
func growInHugePages() {}
