//go:build unix

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// What an input up to 1 MiB may cost (docs/design.md, 5), and what one of twice the size
// may cost in comparison: n log n, and what a measurement may be wrong by.
const (
	mostTime   = 2 * time.Second
	mostMemory = 300 << 20
	mostFactor = 2.3
	// leastTime is what a factor is told from: below, most is the start.
	leastTime = 150 * time.Millisecond
)

// way is a way to call the program on a hostile input.
type way struct {
	name string
	args []string
}

// grow measures every hostile shape whose name contains a word, at half the size and at
// the whole, for every way to call the program.
func (b *bench) grow(only string, size int) error {
	ways, err := b.ways()
	if err != nil {
		return err
	}
	fmt.Printf("%s\n\n%-13s %-8s %5s %9s %6s %8s %-7s %6s\n", machine(), "shape", "call", "KiB", "time", "factor", "memory", "over", "says KiB")
	over := 0
	for _, h := range hostileShapes() {
		if !strings.Contains(h.name, only) {
			continue
		}
		n := h.count(size / 2)
		half, err := h.write(b.folder, n)
		if err != nil {
			return err
		}
		whole, err := h.write(b.folder, 2*n)
		if err != nil {
			return err
		}
		for _, w := range ways {
			flagged, err := b.double(h, w, half, whole)
			if err != nil {
				return err
			}
			if flagged {
				over++
			}
		}
	}
	fmt.Printf("%d over the bound\n", over)
	return nil
}

// ways are the ways to call the program, with the ceilings that they need: many, one with
// many exceptions, one with many labels, one with many values, one with many ports, and some
// for pods that have a label.
func (b *bench) ways() ([]way, error) {
	path := filepath.Join(b.folder, "ceilings.yaml")
	err := writeFile(path, func(w io.Writer) int {
		n, _ := io.WriteString(w, "---\n"+ceiling+times(200, func(i int) string { return policy(fmt.Sprint("c", i), toNetwork(i)) })+
			policy("e", "  - to: [{ipBlock: {cidr: 10.0.0.0/8, except: ["+strings.TrimSuffix(times(3000, func(i int) string { return network(i) + ", " }), ", ")+"]}}]\n")+
			policy("l", toPods("{matchLabels: {"+list(5000, "k%d: v")+"}}"))+
			policy("v", toPods("{matchExpressions: [{key: k, operator: NotIn, values: ["+list(5000, "v%d")+"]}]}"))+
			policy("ports", "  - ports:\n"+lines(3000, "    - {port: p%d}\n"))+
			times(labels, func(i int) string { return policyFor(fmt.Sprint("p", i), "{matchLabels: {"+label(i)+"}}", one) }))
		return n
	})
	return []way{
		{"merge", nil}, {"explain", []string{"explain", "-o", "json"}},
		{"ceilings", []string{"--ceiling", path}}, {"diff", []string{"diff", path, "-"}},
	}, err
}

// namesBound finds messages that say how much there may be of something.
var namesBound = regexp.MustCompile(`at most|larger than|too large|too many|no more than|more than .* allowed|more than are read|more than \d+ (problems|warnings)`)

// double prints what a call takes of a shape, and what it takes of twice as much. It
// reports whether that is more than it may be, and no message says why.
func (b *bench) double(h hostile, w way, half, whole string) (flagged bool, err error) {
	info, err := os.Stat(whole)
	if err != nil {
		return false, err
	}
	var d doubled
	for range 24 { // what looks like too much may be a disturbance; few long runs have none
		if err := d.measure(b.merge(half, w.args...), b.merge(whole, w.args...)); err != nil {
			return false, err
		}
		if d.over() == "" {
			break
		}
	}
	over := d.over()
	flagged = over != "" && !namesBound.MatchString(d.said)
	if over != "" && !flagged {
		over = "bounded"
	}
	said, _, _ := strings.Cut(d.said, "\n")
	fmt.Printf("%-13s %-8s %5d %6.0f ms %6.2f %5d MB %-7s %6d %.110s\n", h.name, w.name, info.Size()>>10,
		float64(d.whole.processor)/float64(time.Millisecond), d.factor(), d.whole.memory>>20, over, len(d.said)>>10, said)
	return flagged, nil
}

// doubled is the least that was measured of half an input, and of the whole.
type doubled struct {
	half, whole cost
	said        string // what the program said if it refused the whole; empty if it did not
}

func (d *doubled) factor() float64 { return float64(d.whole.processor) / float64(d.half.processor) }

// over is what is over its bound; empty if nothing is.
func (d *doubled) over() string {
	switch {
	case d.whole.processor > mostTime:
		return "TIME"
	case d.whole.memory > mostMemory:
		return "MEMORY"
	case d.factor() > mostFactor && d.whole.processor > leastTime:
		return "GROWTH"
	}
	return ""
}

// measure runs both once.
func (d *doubled) measure(half, whole contender) error {
	for _, one := range []struct {
		contender
		least *cost
	}{{half, &d.half}, {whole, &d.whole}} {
		taken, err := one.run(io.Discard)
		d.said = ""
		if refused := (*failure)(nil); errors.As(err, &refused) && refused.isRefusal() {
			d.said = refused.complaint
		} else if err != nil {
			return err
		}
		if one.least.processor == 0 || taken.processor < one.least.processor {
			*one.least = taken
		}
	}
	return nil
}
