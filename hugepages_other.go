//go:build !linux

package main

// inHugePages is for Linux only.
func inHugePages([]byte) {}
