//go:build unix

// Command bench compares netpol-merge with what people use in its place, and
// with cat, as whole processes on generated streams. It is what make bench
// runs; the stages have Go benchmarks of their own (go test -bench . ./...).
// It prints a report, and with -update puts it into docs/performance.md.
package main

import (
	"flag"
	"fmt"
	"os"
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
	flag.Parse()
	b.yq, b.kustomize = filepath.Join(*tools, "yq-4.54.3"), filepath.Join(*tools, "kustomize-5.8.2")
	if err := b.run(*update); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run of the comparison.
type bench struct {
	program, yq, kustomize string // paths
	folder                 string
	runs                   int
	report                 strings.Builder
}

func (b *bench) run(update bool) (err error) {
	if b.folder, err = os.MkdirTemp("", "netpol-merge-bench"); err != nil {
		return err
	}
	defer os.RemoveAll(b.folder)
	for _, path := range []*string{&b.program, &b.yq, &b.kustomize} {
		if *path, err = b.install(*path); err != nil {
			return err
		}
	}
	b.report.WriteString(machine() + "\n\n| Stream | What | Median | Compared to | Ratio | At most |\n|---|---|---|---|---|---|\n")
	for _, measure := range []func() error{b.small, b.medium, b.large, b.manyOverlays, b.manyTargets, b.size} {
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
	text, err := os.ReadFile(program)
	if err != nil {
		return "", err
	}
	path := filepath.Join(b.folder, filepath.Base(program))
	return path, os.WriteFile(path, text, 0o755)
}

func (b *bench) row(stream, what, measured, other string, ratio float64, most string) {
	fmt.Fprintf(&b.report, "| %s | %s | %s | %s | %s | %s |\n", stream, what, measured, other, fmt.Sprintf("%.3g", ratio), most)
}

func seconds(s sample) string {
	return fmt.Sprintf("%.3g ms", float64(median(s.times))/float64(time.Millisecond))
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
