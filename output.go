package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"

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

// style is how text looks on standard output: plain, unless that is a terminal.
func (o *output) style() render.TextStyle {
	return render.TextStyle{Colour: isTerminal(o.Writer) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
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
	Text(style render.TextStyle) string
	Markdown() string
	JSON() ([]byte, error)
}

// printReport prints what was found, in a format.
func (o *output) printReport(said readable, format string) error {
	text, err := formatReport(said, format, o.style())
	if err != nil {
		return err
	}
	_, _ = o.Write(text)
	return o.failure
}

func formatReport(said readable, format string, style render.TextStyle) ([]byte, error) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(100) // unlike what was read, little of this lives to the end
	}
	switch format {
	case "json":
		text, err := said.JSON()
		if err != nil {
			err = fmt.Errorf("format as JSON: %w", err)
		}
		return text, err
	case "markdown":
		return []byte(said.Markdown()), nil
	}
	return []byte(said.Text(style)), nil
}

// writeReport writes a report in the format that the path's ending asks for, whole or not
// at all: beside the path, and then in its place. So a link is not followed, and of runs
// that write to one path at once one wins. A device or pipe is written to.
func writeReport(path string, said *render.Report) error {
	format := map[string]string{".json": "json", ".md": "markdown"}[filepath.Ext(path)]
	text, err := formatReport(said, cmp.Or(format, "text"), render.TextStyle{})
	if err != nil {
		return err
	}
	stat := os.Lstat
	if strings.HasPrefix(path, "/dev/") { // where links are the system's: /dev/stderr
		stat = os.Stat
	}
	info, err := stat(path)
	switch {
	case err == nil && info.IsDir():
		err = syscall.EISDIR
	case err == nil && info.Mode()&(fs.ModeDevice|fs.ModeNamedPipe) != 0:
		return os.WriteFile(path, text, 0)
	default:
		err = writeBeside(fmt.Sprintf("%s.%x.tmp", path, rand.Uint64()), path, text)
	}
	if err != nil {
		return fmt.Errorf("write the report %s: %w", path, err)
	}
	return nil
}

// writeBeside writes a text to a new file and puts that in the place of another. The
// errors do not name the new file, which nobody knows.
func writeBeside(beside, path string, text []byte) error {
	file, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err == nil {
		_, err = file.Write(text)
		err = cmp.Or(err, file.Close())
		if err == nil {
			err = os.Rename(beside, path)
		}
		if err != nil {
			_ = os.Remove(beside)
		}
	}
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return err
}
