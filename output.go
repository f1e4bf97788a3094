package main

import (
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/term"

	"github.com/networknt/netpol-merge/render"
)

// output is standard output. It keeps the first failure.
type output struct {
	io.Writer
	failure error
}

func (o *output) Write(text []byte) (int, error) {
	if len(text) > 64<<10 {
		widen(o.Writer)
	}
	n, err := o.Writer.Write(text)
	if err != nil && o.failure == nil {
		o.failure = fmt.Errorf("write standard output: %w", err)
	}
	return n, o.failure
}

func (o *output) print(text string) error {
	_, _ = io.WriteString(o, text)
	return o.failure
}

// style is how text looks on standard output: plain, unless that is a terminal.
func (o *output) style() (style render.TextStyle) {
	file, isFile := o.Writer.(*os.File)
	if !isFile || !term.IsTerminal(int(file.Fd())) {
		return style
	}
	if width, _, err := term.GetSize(int(file.Fd())); err == nil {
		style.Width = width
	}
	style.Colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return style
}

// writeErrorManifest writes what makes Helm 4 print a message. Helm 4 throws the
// standard error of plugins away, but quotes the file name of a manifest that it
// cannot read, and it takes that name from an annotation. Nothing can apply the
// manifest: its kind is no string.
func writeErrorManifest(stdout, stderr io.Writer, message error) int {
	_, err := fmt.Fprintf(stdout, "kind: [netpol-merge-error]\nmetadata:\n  annotations:\n    postrenderer.helm.sh/postrender-filename: %s\n",
		strconv.Quote("netpol-merge\n"+message.Error()+"\n"))
	if err != nil {
		fmt.Fprintf(stderr, "%v\nnetpol-merge: %v\n", message, err)
		return exitIO
	}
	return exitDone
}
