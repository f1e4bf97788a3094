package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"golang.org/x/term"

	"github.com/networknt/netpol-merge/render"
)

// standardInput is how messages refer to standard input.
const standardInput = "stdin"

// largestFile is the most that is read of a file given by a flag, in bytes.
const largestFile = 32 << 20

// readStreams reads the files, "-" being standard input, or, if there are none, standard
// input. On a terminal it says what it waits for.
func readStreams(stdin io.Reader, stderr io.Writer, files []string) ([]render.Source, error) {
	if len(files) == 0 {
		files = []string{"-"}
	}
	if file, isFile := stdin.(*os.File); isFile && slices.Contains(files, "-") && term.IsTerminal(int(file.Fd())) {
		fmt.Fprintln(stderr, "netpol-merge: waiting for manifests on standard input, such as those of helm template; end with ctrl-D, or see netpol-merge --help")
	}
	var streams []render.Source
	size := 0
	for _, file := range files {
		stream := render.Source{Name: file}
		var err error
		if file == "-" {
			stream.Name = standardInput
			stream.Text, err = readAll(stdin)
		} else {
			stream.Text, err = readFile(file)
			stream.IsFile = true
		}
		if err != nil {
			return nil, err
		}
		streams = append(streams, stream)
		size += len(stream.Text)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		// The collector works harder before a run takes much more than its input is worth:
		// policies take a hundred times their text, and 1 MiB of them has to do with 300 MB.
		debug.SetMemoryLimit(int64(max(270<<20, 120<<20+120*size)))
	}
	return streams, nil
}

// readAll reads a regular file, which may be standard input, into a buffer of its size:
// nothing is copied. Of a pipe the buffer has 128 KiB, more than most streams need, then
// 64 MiB, then four times as much, as memory costs nothing until it is written to.
func readAll(from io.Reader) ([]byte, error) {
	size := 128 << 10
	if file, ok := from.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			size = int(info.Size()) + bytes.MinRead
		}
	}
	text := newBuffer(size)
	for {
		n, err := from.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		switch {
		case errors.Is(err, io.EOF):
			return text, nil
		case err != nil:
			return nil, err
		case len(text) == cap(text):
			text = append(newBuffer(max(4*cap(text), 64<<20)), text...)
		}
	}
}

// readFile reads a file as os.ReadFile does.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	return readAll(file)
}

// readSources reads the files of a flag.
func readSources(paths []string) ([]render.Source, error) {
	var sources []render.Source
	for _, path := range paths {
		files, err := filesAt(path)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := readRegular(file)
			if err != nil {
				return nil, err
			}
			sources = append(sources, render.Source{Name: file, Text: text, IsFile: true})
		}
	}
	return sources, nil
}

// filesAt is the file itself or, of a folder, all files that end in .yaml, .yml or .json,
// in the order of their names. A folder without any is an error, as it is hardly what was
// meant.
func filesAt(path string) (files []string, err error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	entries, err := os.ReadDir(path)
	for _, entry := range entries {
		extensions := []string{".yaml", ".yml", ".json"}
		if !entry.IsDir() && slices.Contains(extensions, filepath.Ext(entry.Name())) {
			files = append(files, filepath.Join(path, entry.Name()))
		}
	}
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: no *.yaml, *.yml or *.json in this folder", path)
	}
	return files, err
}

// readRegular reads a regular file, or what a link to one leads to. To open anything else
// may wait forever, or never end.
func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: not a regular file", path)
	case info.Size() > largestFile:
		return nil, fmt.Errorf("%s: larger than 32 MiB", path)
	}
	return readFile(path)
}
