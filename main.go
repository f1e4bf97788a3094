// Command netpol-merge is a Helm post-renderer that folds the network policy overlays of
// an API into the policy that the platform owns. Package render does the work; here is
// only what a command needs: commands and flags (command.go, flags.go), what it reads
// (input.go) and writes (output.go), and exit codes.
package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/networknt/netpol-merge/render"
	"github.com/networknt/netpol-merge/render/report"
)

// The exit codes.
const (
	exitDone    = 0
	exitRefused = 1 // the input was refused, or differs
	exitUsage   = 2
	exitIO      = 3 // could not read or write
)

func main() {
	// At the first collection, as nothing holds what is cleaned up.
	runtime.AddCleanup(new([64]byte), growHeap, 0)
	signal.Ignore(syscall.SIGPIPE) // a reader that is gone is a write that fails
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// growHeap makes room for a heap that is going to be large: most runs end before their first
// collection. No other may begin before the room is free, as it counts as in use until then.
func growHeap(int) {
	percent, limit := debug.SetGCPercent(-1), debug.SetMemoryLimit(math.MaxInt64)
	growInHugePages()
	runtime.GC()
	if os.Getenv("GOGC") == "" {
		percent = 400 // nearly all that a run allocates lives to its end
	}
	debug.SetGCPercent(percent)
	if debug.SetMemoryLimit(-1) == math.MaxInt64 { // else the streams were read meanwhile
		debug.SetMemoryLimit(limit)
	}
}

// run is the whole command. Nothing is written to stdout unless all succeeds.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var s settings
	out := &output{Writer: stdout}
	command := newCommand(&s, out)
	command.SetArgs(append([]string{}, args...)) // cobra takes nil for os.Args
	command.SetIn(stdin)
	command.SetOut(out)
	command.SetErr(stderr)
	refuseUnknown(command)
	err := checkArguments(args)
	if err == nil {
		err = command.Execute()
	}
	if out.failure != nil { // which cobra does not look at when it writes help
		err = out.failure
	}
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errDiffers): // which has been told
		return exitRefused
	}
	// The shipped Helm 4 plugin passes the flag first, so that it also counts where the
	// others cannot be read.
	if s.errorsAsManifest || len(args) > 0 && args[0] == "--"+errorsAsManifest {
		failure := out.writeErrorManifest(message(err))
		if failure == nil {
			return exitDone
		}
		if !errors.Is(err, failure) {
			fmt.Fprintln(stderr, message(err))
		}
		err = failure
	}
	fmt.Fprintln(stderr, message(err))
	return exitCode(err)
}

// errDiffers is why diff --exit-code ends with 1.
var errDiffers = errors.New("the inputs differ")

// exitError is an error that knows its exit code.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func usageError(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// ioError is err as an error of reading or writing; nil stays nil.
func ioError(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitIO, err}
}

// exitCode returns the exit code for an error. Those that nobody here made are cobra's,
// about the command line.
func exitCode(err error) int {
	if exit, ok := errors.AsType[*exitError](err); ok {
		return exit.code
	}
	if isOfRender(err) {
		return exitRefused
	}
	return exitUsage
}

func isOfRender(err error) bool {
	_, refused := errors.AsType[*render.Refusal](err)
	_, internal := errors.AsType[*render.InternalError](err)
	return refused || internal
}

// message is what people read of an error.
func message(err error) string {
	if isOfRender(err) {
		return err.Error()
	}
	text := "netpol-merge: " + report.Printable(err.Error())
	if exitCode(err) == exitUsage {
		text += "\n  hint: see netpol-merge --help"
	}
	return text
}
