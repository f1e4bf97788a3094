//go:build unix

// Command bench compares netpol-merge with what people use in its place, and
// with cat, as whole processes on generated streams. It is what make bench
// runs; the stages have Go benchmarks of their own (go test -bench . ./...).
// It prints one table, and with -update puts it into docs/performance.md.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	b := &bench{}
	flag.StringVar(&b.program, "program", "bin/netpol-merge", "the program, stripped")
	flag.StringVar(&b.tools, "tools", "", "folder of the reference programs, as e2e/tools prints it")
	flag.IntVar(&b.runs, "runs", 21, "runs of each command on the small stream; large ones get fewer")
	update := flag.Bool("update", false, "put the table into docs/performance.md")
	flag.Parse()
	if err := b.run(*update); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run of the comparison.
type bench struct {
	program, tools, folder string
	runs                   int
	table                  strings.Builder
}

func (b *bench) run(update bool) (err error) {
	if b.program, err = filepath.Abs(b.program); err != nil {
		return err
	}
	if b.folder, err = os.MkdirTemp("", "netpol-merge-bench"); err != nil {
		return err
	}
	defer os.RemoveAll(b.folder)
	b.table.WriteString("| Stream | What | Median | Compared to | Ratio | At most |\n|---|---|---|---|---|---|\n")
	for _, measure := range []func() error{b.small, b.medium, b.large, b.manyOverlays, b.manyTargets, b.size} {
		if err := measure(); err != nil {
			return err
		}
	}
	fmt.Print(b.table.String())
	if update {
		return replaceTable("docs/performance.md", b.table.String())
	}
	return nil
}

func (b *bench) row(stream, what, measured, other string, ratio float64, most string) {
	fmt.Fprintf(&b.table, "| %s | %s | %s | %s | %s | %s |\n", stream, what, measured, other, fmt.Sprintf("%.3g", ratio), most)
}

func seconds(s sample) string {
	return fmt.Sprintf("%.3g ms", float64(median(s.times))/float64(time.Millisecond))
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

// replaceTable puts the table into a document, in place of the one that is there.
func replaceTable(path, table string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), "| Stream |")
	_, after, end := strings.Cut(rest, "\n\n")
	if !found || !end {
		return fmt.Errorf("%s: no table to replace", path)
	}
	return os.WriteFile(path, []byte(before+table+"\n"+after), 0o644)
}
