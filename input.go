package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"github.com/networknt/netpol-merge/render"
)

// standardInput is the name of the stream that has none, in messages.
const standardInput = "stdin"

// readStreams reads the files, "-" being standard input, or, if there are none,
// standard input.
func readStreams(stdin io.Reader, files []string) ([]render.Source, error) {
	if len(files) == 0 {
		files = []string{"-"}
	}
	var streams []render.Source
	for _, file := range files {
		stream := render.Source{Name: file}
		var err error
		if file == "-" {
			stream.Name = standardInput
			stream.Text, err = readAll(stdin)
		} else {
			stream.Text, err = os.ReadFile(file)
		}
		if err != nil {
			return nil, err
		}
		streams = append(streams, stream)
	}
	return streams, nil
}

// readSources reads the files of a flag, and of folders all files that end in .yaml,
// .yml or .json, in the order of their names. A folder without any is an error, as
// it is hardly what was meant.
func readSources(paths []string) ([]render.Source, error) {
	var sources []render.Source
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		files := []string{path}
		if info.IsDir() {
			if files, err = manifestsIn(path); err != nil {
				return nil, err
			}
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			sources = append(sources, render.Source{Name: file, Text: text})
		}
	}
	return sources, nil
}

func manifestsIn(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		extensions := []string{".yaml", ".yml", ".json"}
		if entry.Type()&fs.ModeDir == 0 && slices.Contains(extensions, filepath.Ext(entry.Name())) {
			files = append(files, filepath.Join(folder, entry.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no *.yaml, *.yml or *.json in this folder", folder)
	}
	return files, nil
}

// readAll reads a regular file, which may be standard input, into a buffer of
// its size. Nobody knows the size of what comes through a pipe: there the buffer
// grows in few steps, as memory costs nothing until it is written to. It is not
// read into directly, as its first use would hold up the other end of the pipe.
func readAll(from io.Reader) ([]byte, error) {
	if file, ok := from.(*os.File); ok {
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			text := bytes.NewBuffer(make([]byte, 0, info.Size()+bytes.MinRead))
			_, err := text.ReadFrom(file)
			return text.Bytes(), err
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection would hold up the other end
	piece := make([]byte, 64<<10)
	text := make([]byte, 0, len(piece))
	for {
		n, err := from.Read(piece)
		if len(text)+n > cap(text) {
			widen(from)
			grown := make([]byte, len(text), 8*cap(text)) // append would clear all of it
			copy(grown, text)
			text = grown
		}
		text = append(text, piece[:n]...)
		switch err {
		case nil:
		case io.EOF:
			return text, nil
		default:
			return nil, err
		}
	}
}
