//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// kustomization is how a post-renderer script opens a port without netpol-merge: the
// manifests go to a file, and kustomize patches that.
const kustomization = `resources:
- all.yaml
patches:
- target: {kind: NetworkPolicy, name: proxy-allow}
  patch: |
    - op: add
      path: /spec/egress/0/ports/-
      value: {protocol: TCP, port: 10000}
`

// expression does the same with yq.
const expression = `(select(.kind == "NetworkPolicy" and .metadata.name == "proxy-allow") | .spec.egress[0].ports) += [{"protocol": "TCP", "port": 10000}]`

// merge is the program, with arguments.
func (b *bench) merge(stream string, args ...string) contender {
	return contender{command: append([]string{b.program}, args...), stream: stream}
}

// start is the program's start alone.
func (b *bench) start() contender { return contender{command: []string{b.program, "version"}} }

func (b *bench) edit(stream string) contender {
	return contender{command: []string{b.yq, expression, "-"}, stream: stream}
}

// patch is kustomize without the script around it, with the stream in its
// file already.
func (b *bench) patch(stream string) (contender, error) {
	folder, err := os.MkdirTemp(b.folder, "kustomize")
	if err != nil {
		return contender{}, err
	}
	if err := os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(kustomization), 0o644); err != nil {
		return contender{}, err
	}
	return contender{command: []string{b.kustomize, "build", folder}},
		os.Link(stream, filepath.Join(folder, "all.yaml"))
}

// sameWork makes sure that all contenders add the port to the stream. It keeps no output:
// to Linux, the memory of this program is the least that its children take.
func sameWork(contenders []contender) error {
	for _, c := range contenders {
		reader, writer := io.Pipe()
		done := make(chan bool)
		go func() {
			ports, workloads := 0, 0
			for lines := bufio.NewScanner(reader); lines.Scan(); {
				if strings.HasSuffix(lines.Text(), "port: 10000") {
					ports++
				}
				if lines.Text() == "kind: Deployment" {
					workloads++
				}
			}
			done <- ports > 0 && workloads >= 20
		}()
		_, err := c.run(writer)
		writer.Close()
		if worked := <-done; err != nil {
			return err
		} else if !worked {
			return fmt.Errorf("%v does not do the work", c.command)
		}
	}
	return nil
}

// small is a chart of the usual size: 24 workloads, one target, one overlay.
func (b *bench) small() error {
	streams, err := writeAll(b.folder,
		shape{name: "small", size: 25_000, targets: 1, overlays: 1, labels: "app: api"},
		shape{name: "small-labels", size: 25_000, targets: 1, overlays: 1},
		shape{name: "small-nowhere", size: 25_000, targets: 1, overlays: 1, nowhere: true},
		shape{name: "small-without", size: 25_000, targets: 1, labels: "app: api"})
	if err != nil {
		return err
	}
	kustomize, err := b.patch(streams[0])
	if err != nil {
		return err
	}
	contenders := []contender{b.merge(streams[0]), kustomize, b.edit(streams[0])}
	if err := sameWork(contenders); err != nil {
		return err
	}
	contenders = append(contenders, b.start(), b.merge(streams[1]), b.merge(streams[2]), b.merge(streams[3]),
		contender{command: []string{b.floor}, stream: streams[0]}, contender{command: []string{"cat"}, stream: streams[0]},
		b.merge(streams[0], "explain"), contender{command: []string{b.program, "diff", streams[3], streams[0]}})
	s, err := compare(b.runs, contenders...)
	if err != nil {
		return err
	}
	b.time("25 KB, one overlay, `app: api`", s[0], "start", s[3], 1.4)
	b.time("", s[0], "kustomize", s[1], 0.12)
	b.time("", s[0], "yq", s[2], 0.30)
	b.time("", s[0], "a Go copy", s[7], 0)
	b.time("", s[0], "cat", s[8], 0)
	b.time("25 KB, labels of each workload", s[4], "start", s[3], 1.4)
	b.time("25 KB, target selects nothing", s[5], "start", s[3], 1.4)
	b.time("25 KB, no overlay", s[6], "start", s[3], 1.4)
	b.time("25 KB, explain", s[9], "start", s[3], 0)
	b.time("25 KB, diff", s[10], "start", s[3], 0)
	return nil
}

func writeAll(folder string, shapes ...shape) ([]string, error) {
	paths := make([]string, len(shapes))
	for i, s := range shapes {
		var err error
		if paths[i], err = s.write(folder); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// medium is a large release, and everything that a platform team deploys.
func (b *bench) medium() error {
	streams, err := writeAll(b.folder,
		shape{name: "1MB", size: 1_000_000, targets: 1, overlays: 1, labels: "app: api"},
		shape{name: "1MB-mixed", size: 1_000_000, targets: 1, overlays: 1, labels: "app: api", mixed: true},
		shape{name: "1MB-nowhere", size: 1_000_000, targets: 1, overlays: 1, nowhere: true},
		shape{name: "5MB", size: 5_000_000, targets: 1, overlays: 1, labels: "app: api"},
		shape{name: "5MB-mixed", size: 5_000_000, targets: 1, overlays: 1, labels: "app: api", mixed: true})
	if err != nil {
		return err
	}
	s, err := compare(b.runs, b.start(), b.merge(streams[0]), b.merge(streams[1]), b.merge(streams[2]), b.merge(streams[0], "explain"))
	if err != nil {
		return err
	}
	b.time("1 MB, one overlay", s[1], "start", s[0], 2)
	b.time("1 MB, lists, hooks, Secrets, CRDs", s[2], "start", s[0], 2)
	b.time("1 MB, target selects nothing", s[3], "start", s[0], 2)
	b.time("1 MB, explain", s[4], "start", s[0], 2)
	contenders := []contender{b.merge(streams[3]), b.edit(streams[3]), b.merge(streams[4]), b.edit(streams[4])}
	if err := sameWork(contenders); err != nil {
		return err
	}
	if s, err = compare(b.runs/4, contenders...); err != nil {
		return err
	}
	b.time("5 MB, one overlay", s[0], "yq", s[1], 0.02)
	b.time("5 MB, lists, hooks, Secrets, CRDs", s[2], "yq", s[3], 0.02)
	return nil
}

// large shows what a byte costs that is not involved, in time and in memory.
func (b *bench) large() error {
	const size = 20_000_000
	stream, err := shape{name: "20MB", size: size, targets: 1, overlays: 1, labels: "app: api"}.write(b.folder)
	if err != nil {
		return err
	}
	s, err := compare(b.runs,
		shell("cat %s | %s | cat >/dev/null", stream, b.program),
		shell("cat %s | cat >/dev/null", stream),
		shell("cat %s | %s | cat >/dev/null", stream, b.floor),
		shell("exec %s %s >/dev/null", b.program, stream))
	if err != nil {
		return err
	}
	b.time("20 MB through pipes", s[0], "cat \\| cat", s[1], 3)
	b.time("", s[0], "a Go copy", s[2], 0)
	b.memory("20 MB, a file", s[3], size)
	const larger = 100_000_000
	if stream, err = (shape{name: "100MB", size: larger, targets: 1, overlays: 1, labels: "app: api"}).write(b.folder); err != nil {
		return err
	}
	if s, err = compare(3, shell("exec %s %s >/dev/null", b.program, stream)); err != nil {
		return err
	}
	b.memory("100 MB, a file", s[0], larger)
	return nil
}

// many shows that time grows with the overlays, and with the policies that are held
// against a ceiling.
func (b *bench) many() error {
	streams, err := writeAll(b.folder,
		shape{name: "overlays-1000", targets: 1, overlays: 1_000},
		shape{name: "overlays-10000", targets: 1, overlays: 10_000},
		shape{name: "targets-100", targets: 100, overlays: 10},
		shape{name: "targets-1000", targets: 1_000, overlays: 10},
		shape{name: "policies", targets: 1, overlays: 1, bystander: 1_000})
	if err != nil {
		return err
	}
	bound := filepath.Join(b.folder, "ceiling.yaml")
	if err := os.WriteFile(bound, []byte(ceiling), 0o644); err != nil {
		return err
	}
	s, err := compare(b.runs/8, b.merge(streams[0]), b.merge(streams[1]), b.merge(streams[2]), b.merge(streams[3]))
	if err != nil {
		return err
	}
	b.time("1 target, 10,000 overlays", s[1], "1,000 overlays", s[0], 12)
	b.time("1,000 targets of 10 overlays", s[3], "100 targets", s[2], 12)
	s, err = compare(b.runs/2, b.merge(streams[4]), b.merge(streams[4], "--ceiling", bound), b.merge(streams[4], "explain"))
	if err != nil {
		return err
	}
	b.time("1,000 policies, `--ceiling`", s[1], "without", s[0], 2)
	b.time("1,000 policies, explain", s[2], "merge", s[0], 0)
	return nil
}

// size is that of the program.
func (b *bench) size() error {
	info, err := os.Stat(b.program)
	if err != nil {
		return err
	}
	b.row("stripped binary", megabytes(info.Size()), "", "12 MB", info.Size() <= 12_000_000)
	return nil
}
