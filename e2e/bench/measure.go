//go:build unix

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"time"
)

// contender is a command that does the work. It gets the stream through a pipe
// and its output is taken from one, as Helm does with a post-renderer.
type contender struct {
	command []string
	stream  string // path; empty for no input
}

// shell is a contender whose command line says where its input comes from.
func shell(line string) contender { return contender{command: []string{"sh", "-c", line}} }

// run runs the contender once. The output is not kept, as Linux counts the
// memory of this program as that of the processes that it starts.
func (c contender) run(output io.Writer) (elapsed time.Duration, memory int64, err error) {
	command := exec.Command(c.command[0], c.command[1:]...)
	var complaint bytes.Buffer
	command.Stdout, command.Stderr = output, &complaint
	if c.stream != "" {
		file, err := os.Open(c.stream)
		if err != nil {
			return 0, 0, err
		}
		defer file.Close()
		command.Stdin = struct{ io.Reader }{file} // no *os.File, so that it is a pipe
	}
	start := time.Now()
	if err := command.Run(); err != nil {
		return 0, 0, fmt.Errorf("%v: %w: %s", c.command, err, complaint.String())
	}
	return time.Since(start), peakMemory(command.ProcessState), nil
}

// discard takes output from a pipe. io.Discard would make exec use /dev/null.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// peakMemory is the most memory that was resident, in bytes.
func peakMemory(state *os.ProcessState) int64 {
	most := state.SysUsage().(*syscall.Rusage).Maxrss
	if runtime.GOOS == "darwin" {
		return most
	}
	return most << 10
}

// sample is what one contender took, one entry for each run.
type sample struct {
	times  []time.Duration
	memory []int64
}

// compare runs the contenders by turns, so that what disturbs the machine
// disturbs them all, after one run of each that does not count.
func compare(runs int, contenders ...contender) ([]sample, error) {
	samples := make([]sample, len(contenders))
	for i := range runs + 1 {
		for j, c := range contenders {
			elapsed, memory, err := c.run(discard{})
			if err != nil {
				return nil, err
			}
			if i > 0 {
				samples[j].times = append(samples[j].times, elapsed)
				samples[j].memory = append(samples[j].memory, memory)
			}
		}
	}
	return samples, nil
}

// ratio is the median, over the rounds, of how much longer s took than other.
func (s sample) ratio(other sample) float64 {
	ratios := make([]float64, len(s.times))
	for i := range ratios {
		ratios[i] = float64(s.times[i]) / float64(other.times[i])
	}
	return median(ratios)
}

func median[T float64 | int64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
