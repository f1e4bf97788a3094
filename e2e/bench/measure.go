//go:build unix

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// contender is a command that does the work.
type contender struct {
	command []string
	stream  string // path of what is its standard input; empty for none
}

// shell is a contender whose command line says where its input comes from.
func shell(format string, args ...any) contender {
	return contender{command: []string{"sh", "-c", fmt.Sprintf(format, args...)}}
}

// cost is what one run took. Of a command line with pipes it is what all its programs took
// together, but the memory of the largest.
type cost struct {
	elapsed, processor time.Duration
	memory             int64 // the most that was resident, in bytes
}

// run runs the contender once. Without output, as nil means, this program has no
// part in what it measures. What the contender says when it fails is in the error.
func (c contender) run(output io.Writer) (cost, error) {
	command := exec.Command(c.command[0], c.command[1:]...)
	var complaint bytes.Buffer
	command.Stdout, command.Stderr = output, &complaint
	if c.stream != "" {
		file, err := os.Open(c.stream)
		if err != nil {
			return cost{}, err
		}
		defer file.Close()
		command.Stdin = file
	}
	start := time.Now()
	err := command.Run()
	taken := cost{elapsed: time.Since(start)}
	if command.ProcessState != nil {
		taken.processor = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
		taken.memory = peakMemory(command.ProcessState)
	}
	if err != nil {
		err = &failure{err, complaint.String(), c.command}
	}
	return taken, err
}

// failure is a run that did not end with 0.
type failure struct {
	err       error
	complaint string // what it said on standard error
	command   []string
}

func (f *failure) Error() string {
	return fmt.Sprintf("%s: %v: %s", strings.Join(f.command, " "), f.err, f.complaint)
}

func (f *failure) Unwrap() error { return f.err }

// isRefusal reports whether the program ended by itself: it was not killed, and did not
// panic, which ends with 2.
func (f *failure) isRefusal() bool {
	exit, ok := errors.AsType[*exec.ExitError](f.err)
	return ok && exit.ExitCode() == 1
}

func peakMemory(state *os.ProcessState) int64 {
	most := state.SysUsage().(*syscall.Rusage).Maxrss
	if runtime.GOOS == "darwin" {
		return most
	}
	return most << 10
}

// sample is what one contender took, one entry for each run.
type sample []cost

// compare runs the contenders by turns, so that what disturbs the machine
// disturbs them all, after one run of each that does not count.
func compare(runs int, contenders ...contender) ([]sample, error) {
	samples := make([]sample, len(contenders))
	for i := range runs + 1 {
		for j, c := range contenders {
			taken, err := c.run(nil)
			if err != nil {
				return nil, err
			}
			if i > 0 {
				samples[j] = append(samples[j], taken)
			}
		}
	}
	return samples, nil
}

func elapsed(c cost) time.Duration   { return c.elapsed }
func processor(c cost) time.Duration { return c.processor }

func (s sample) time(of func(cost) time.Duration) time.Duration {
	return median(s, func(_ int, c cost) time.Duration { return of(c) })
}

func (s sample) memory() int64 {
	return median(s, func(_ int, c cost) int64 { return c.memory })
}

// ratio is the median, over the rounds, of how much longer s took than other.
func (s sample) ratio(other sample, of func(cost) time.Duration) float64 {
	return median(s, func(round int, c cost) float64 { return float64(of(c)) / float64(max(of(other[round]), 1)) })
}

func median[T float64 | int64 | time.Duration](s sample, of func(round int, c cost) T) T {
	values := make([]T, len(s))
	for i, c := range s {
		values[i] = of(i, c)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
