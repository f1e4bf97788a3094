//go:build unix

// Command bench compares netpol-merge with what people use in its place, with a Go program
// that only copies, and with cat, as whole processes on generated streams. It is what make
// bench runs; with -growth it measures hostile inputs instead (growth.go). The stages have
// Go benchmarks of their own (go test -bench . ./...). It prints a report, and with -update
// puts it into docs/performance.md.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

func main() {
	b := &bench{}
	flag.StringVar(&b.program, "program", "bin/netpol-merge", "the program, stripped")
	flag.IntVar(&b.runs, "runs", 41, "runs of each command on the small stream; large ones get fewer")
	tools := flag.String("tools", "", "folder of the reference programs, as e2e/tools prints it")
	update := flag.Bool("update", false, "put the report into docs/performance.md")
	growth := flag.Bool("growth", false, "measure hostile inputs, each of half and of the whole size")
	only := flag.String("only", "", "with -growth: the shapes whose names contain this")
	size := flag.Int("size", 1<<20, "with -growth: the whole size, in bytes")
	flag.Parse()
	b.yq, b.kustomize = filepath.Join(*tools, "yq-4.54.3"), filepath.Join(*tools, "kustomize-5.8.2")
	run := func() error { return b.compare(*update) }
	if *growth {
		run = func() error { return b.grow(*only, *size) }
	}
	if err := b.in(run); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run of the comparison.
type bench struct {
	program, yq, kustomize string // paths
	floor                  string // path of a Go program that copies
	folder                 string
	runs                   int
	report                 strings.Builder
}

// in runs with a folder that is removed in the end.
func (b *bench) in(run func() error) (err error) {
	if b.folder, err = os.MkdirTemp("", "netpol-merge-bench"); err != nil {
		return err
	}
	defer os.RemoveAll(b.folder)
	if b.program, err = b.install(b.program); err != nil {
		return err
	}
	return run()
}

func (b *bench) compare(update bool) (err error) {
	for _, path := range []*string{&b.yq, &b.kustomize} {
		if *path, err = b.install(*path); err != nil {
			return err
		}
	}
	b.floor = filepath.Join(b.folder, "floor")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", b.floor, "./e2e/bench/floor")
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, output)
	}
	b.report.WriteString(machine() + "\n\n| Stream | Median | Ratio (elapsed) | At most |\n|---|---|---|---|\n")
	for _, measure := range []func() error{b.small, b.medium, b.large, b.many, b.size} {
		if err := measure(); err != nil {
			return err
		}
	}
	fmt.Print(b.report.String())
	if update {
		return replaceLastRun("docs/performance.md", b.report.String())
	}
	return nil
}

// install copies a program, as an installation does. What the linker wrote takes
// a fifth longer to start: it wrote here and there, and Linux keeps a file in
// memory in the pieces in which it was written.
func (b *bench) install(program string) (string, error) {
	path := filepath.Join(b.folder, filepath.Base(program))
	if output, err := exec.Command("cp", program, path).CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, output)
	}
	return path, nil
}

// time is a row about the time of a run compared with another; bound 0 means none. The
// bound is held against processor time: elapsed time is also that of the machine's others.
func (b *bench) time(stream string, s sample, with string, other sample, bound float64) {
	ratio := s.ratio(other, processor)
	most := ""
	if bound > 0 {
		most = fmt.Sprint(bound)
	}
	b.row(stream, duration(s.time(elapsed)), fmt.Sprintf("%.3g (%.3g) × %s, %s", ratio, s.ratio(other, elapsed), with, duration(other.time(elapsed))), most, ratio <= bound)
}

// memory is a row about the most memory that was resident.
func (b *bench) memory(stream string, s sample, size int64) {
	b.row(stream+": memory", megabytes(s.memory()), fmt.Sprintf("%.3g × input", float64(s.memory())/float64(size)),
		megabytes(size*13/10+16_000_000), s.memory() <= size*13/10+16_000_000)
}

func (b *bench) row(stream, measured, ratio, most string, holds bool) {
	if most != "" && !holds {
		most += ": **exceeded**"
	}
	fmt.Fprintf(&b.report, "| %s | %s | %s | %s |\n", stream, measured, ratio, most)
}

func duration(d time.Duration) string {
	if d >= time.Second {
		return fmt.Sprintf("%.3g s", d.Seconds())
	}
	return fmt.Sprintf("%.3g ms", float64(d)/float64(time.Millisecond))
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

// replaceLastRun puts the report of a run into a document.
func replaceLastRun(path, report string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), "## Last run\n")
	_, after, end := strings.Cut(rest, "\n## ")
	if !found || !end {
		return fmt.Errorf("%s: no section for the last run", path)
	}
	return os.WriteFile(path, []byte(before+"## Last run\n\n"+report+"\n## "+after), 0o644)
}

// machine describes where the numbers are from, and what else it had to do.
func machine() string {
	processor, load := runtime.GOARCH, "unknown"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		_, rest, _ := strings.Cut(string(text), "model name\t: ")
		processor, _, _ = strings.Cut(rest, "\n")
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		load, _, _ = strings.Cut(string(text), " ")
	}
	return fmt.Sprintf("%s, %d × %s, %s, %s, load before the run %s.",
		time.Now().Format(time.DateOnly), runtime.NumCPU(), processor, runtime.GOOS, runtime.Version(), load)
}
