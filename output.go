package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/term"

	"github.com/networknt/netpol-merge/render"
)

// output is standard output. It keeps the first failure.
type output struct {
	io.Writer
	failure error
}

func (o *output) Write(text []byte) (int, error) {
	n, err := o.Writer.Write(text)
	if err != nil && o.failure == nil {
		o.failure = ioError(fmt.Errorf("write standard output: %w", err))
	}
	return n, o.failure
}

func (o *output) print(text string) error {
	_, _ = io.WriteString(o, text)
	return o.failure
}

// writeErrorManifest writes what makes Helm 4 print a message. Helm 4 throws the standard
// error of plugins away, but quotes the file name of a manifest that it cannot read, and
// takes that name from an annotation. Nothing can apply the manifest: its kind is no
// string.
func (o *output) writeErrorManifest(message string) error {
	if o.failure != nil {
		return o.failure
	}
	return o.print("kind: [netpol-merge-error]\nmetadata:\n  annotations:\n    postrenderer.helm.sh/postrender-filename: " +
		strconv.Quote("netpol-merge\n"+message+"\n") + "\n")
}

// readable is what people and programs read: a report or a difference.
type readable interface {
	Text() string
	Markdown() string
	JSON() ([]byte, error)
}

// formatNames lists the formats in help and messages.
const formatNames = "text, json or markdown"

// formats are the ways to write what is readable, by their names.
func formats() map[string]func(readable) ([]byte, error) {
	return map[string]func(readable) ([]byte, error){
		"text":     func(said readable) ([]byte, error) { return []byte(said.Text()), nil },
		"markdown": func(said readable) ([]byte, error) { return []byte(said.Markdown()), nil },
		"json":     readable.JSON,
	}
}

// printReport prints what was found, in a format.
func (o *output) printReport(said readable, format string) error {
	text, err := formats()[format](said)
	if err != nil {
		return err
	}
	file, isFile := o.Writer.(*os.File)
	isPlain := os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" || format != "text"
	if isFile && term.IsTerminal(int(file.Fd())) && !isPlain {
		text = painted(text)
	}
	_, err = o.Write(text)
	return err
}

// painted paints the lines that a mark begins, as diff does: green, red and yellow.
func painted(text []byte) (painted []byte) {
	colours := map[byte]int{'+': 32, '-': 31, '!': 33}
	for line := range bytes.Lines(text) {
		if colour := colours[line[0]]; colour > 0 {
			line = fmt.Appendf(nil, "\x1b[%dm%s\x1b[0m\n", colour, bytes.TrimSuffix(line, []byte("\n")))
		}
		painted = append(painted, line...)
	}
	return painted
}

// writeReport writes a report in the format that the path's ending asks for, whole or not
// at all: beside the path, and then in its place. So a link is not followed, and of runs
// that write to one path at once one wins. A device or pipe is written to.
func writeReport(path string, said *render.Report) error {
	format := cmp.Or(map[string]string{".json": "json", ".md": "markdown"}[filepath.Ext(path)], "text")
	text, err := formats()[format](said)
	if err != nil {
		return err
	}
	info, err := os.Lstat(path)
	switch {
	case path == "/dev/stderr" || path == "/dev/fd/2": // which, if it is a file, would be opened anew
		_, err = os.Stderr.Write(text)
	case strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/"),
		err == nil && info.Mode()&(fs.ModeDevice|fs.ModeNamedPipe) != 0:
		err = appendTo(path, text)
	case err == nil && info.IsDir():
		err = syscall.EISDIR
	default:
		beside := fmt.Sprintf("%s.%x.tmp", path, rand.Uint64())
		if err = os.WriteFile(beside, text, 0o644); err == nil {
			err = os.Rename(beside, path)
		}
		if err != nil {
			_ = os.Remove(beside)
		}
	}
	for errors.Unwrap(err) != nil { // an error names the file beside, which nobody knows
		err = errors.Unwrap(err)
	}
	if err != nil {
		return fmt.Errorf("write the report %s: %w", path, err)
	}
	return nil
}

// appendTo writes to what there is already: a device, a pipe, or what a link of the
// system's own, such as /dev/fd/3, leads to.
func appendTo(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = file.Write(text)
		err = cmp.Or(err, file.Close())
	}
	return ioError(err)
}
