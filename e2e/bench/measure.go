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

// contender is a command that does the work.
type contender struct {
	command []string
	stream  string // path of what is its standard input; empty for none
}

// shell is a contender whose command line says where its input comes from.
func shell(line string) contender { return contender{command: []string{"sh", "-c", line}} }

// run runs the contender once. Without output, as nil means, this program has no
// part in what it measures.
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
		command.Stdin = file
	}
	start := time.Now()
	if err := command.Run(); err != nil {
		return 0, 0, fmt.Errorf("%v: %w: %s", c.command, err, complaint.String())
	}
	return time.Since(start), peakMemory(command.ProcessState), nil
}

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
			elapsed, memory, err := c.run(nil)
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
