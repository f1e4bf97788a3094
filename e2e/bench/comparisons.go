//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
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

// merge is the program.
func (b *bench) merge(stream string) contender {
	return contender{command: []string{b.program}, stream: stream}
}

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

// small is a chart of the usual size: 24 workloads, one target, one overlay.
func (b *bench) small() error {
	with, err := shape{name: "small", size: 25_000, targets: 1, overlays: 1}.write(b.folder)
	if err != nil {
		return err
	}
	without, err := shape{name: "small-without", size: 25_000, targets: 1}.write(b.folder)
	if err != nil {
		return err
	}
	kustomize, err := b.patch(with)
	if err != nil {
		return err
	}
	contenders := []contender{b.merge(with), kustomize, b.edit(with), b.merge(without), {command: []string{"cat"}, stream: with}, {command: []string{b.program, "version"}}}
	if err := sameWork(contenders[:3]); err != nil {
		return err
	}
	s, err := compare(b.runs, contenders...)
	if err != nil {
		return err
	}
	b.row("25 KB, one overlay", "time", seconds(s[0]), "kustomize "+seconds(s[1]), s[0].ratio(s[1]), "0.15")
	b.row("", "time", seconds(s[0]), "yq "+seconds(s[2]), s[0].ratio(s[2]), "0.33")
	b.row("", "time", seconds(s[0]), "cat "+seconds(s[4]), s[0].ratio(s[4]), "")
	b.row("25 KB, no overlay", "time", seconds(s[3]), "one overlay "+seconds(s[0]), s[3].ratio(s[0]), "1")
	b.row("none, only the version", "time", seconds(s[5]), "one overlay "+seconds(s[0]), s[5].ratio(s[0]), "")
	return nil
}

// sameWork makes sure that all contenders add the port to the stream.
func sameWork(contenders []contender) error {
	for _, c := range contenders {
		var output bytes.Buffer
		if _, _, err := c.run(&output); err != nil {
			return err
		}
		if !bytes.Contains(output.Bytes(), []byte("port: 10000\n")) || bytes.Count(output.Bytes(), []byte("kind: Deployment\n")) < 20 {
			return fmt.Errorf("%v does not do the work", c.command)
		}
	}
	return nil
}

// medium is everything that a platform team deploys, in one stream.
func (b *bench) medium() error {
	stream, err := shape{name: "medium", size: 5_000_000, targets: 1, overlays: 1}.write(b.folder)
	if err != nil {
		return err
	}
	contenders := []contender{b.merge(stream), b.edit(stream)}
	if err := sameWork(contenders); err != nil {
		return err
	}
	s, err := compare(b.runs/6, contenders...)
	if err != nil {
		return err
	}
	b.row("5 MB, one overlay", "time", seconds(s[0]), "yq "+seconds(s[1]), s[0].ratio(s[1]), "0.025")
	return nil
}

// large shows what a byte costs that is not involved.
func (b *bench) large() error {
	const size = 200_000_000
	stream, err := shape{name: "large", size: size, targets: 1, overlays: 1}.write(b.folder)
	if err != nil {
		return err
	}
	s, err := compare(b.runs/4,
		shell(fmt.Sprintf("cat %s | %s | cat >/dev/null", stream, b.program)),
		shell(fmt.Sprintf("cat %s | cat >/dev/null", stream)),
		shell(fmt.Sprintf("cat %s | cat | cat >/dev/null", stream)),
		shell(fmt.Sprintf("cat %s | exec %s", stream, b.program)),
		shell(fmt.Sprintf("exec %s %s >/dev/null", b.program, stream)),
		shell(fmt.Sprintf("exec %s <%s >/dev/null", b.program, stream)))
	if err != nil {
		return err
	}
	b.row("200 MB, pipes on both sides", "time", seconds(s[0]), "cat \\| cat "+seconds(s[1]), s[0].ratio(s[1]), "3")
	b.row("", "time", seconds(s[0]), "cat in its place "+seconds(s[2]), s[0].ratio(s[2]), "")
	b.memory("200 MB, a file", s[4], size, "1.3")
	b.memory("200 MB, standard input is a file", s[5], size, "1.3")
	return nil
}

func (b *bench) memory(stream string, s sample, size int64, most string) {
	peak := median(s.memory)
	b.row(stream, "memory", megabytes(peak), "input "+megabytes(size), float64(peak)/float64(size), most)
}

// manyOverlays shows that time grows with the overlays of one target.
func (b *bench) manyOverlays() error {
	return b.growth(shape{name: "overlays-1000", targets: 1, overlays: 1_000}, shape{name: "overlays-10000", targets: 1, overlays: 10_000})
}

// manyTargets shows that time grows with the targets.
func (b *bench) manyTargets() error {
	return b.growth(shape{name: "targets-100", targets: 100, overlays: 10}, shape{name: "targets-1000", targets: 1_000, overlays: 10})
}

// growth compares a stream with one that has ten times of something.
func (b *bench) growth(few, many shape) error {
	fewer, err := few.write(b.folder)
	if err != nil {
		return err
	}
	more, err := many.write(b.folder)
	if err != nil {
		return err
	}
	s, err := compare(b.runs/4, b.merge(more), b.merge(fewer))
	if err != nil {
		return err
	}
	b.row(many.describe(), "time", seconds(s[0]), few.describe()+": "+seconds(s[1]), s[0].ratio(s[1]), "14")
	return nil
}

// size is that of the program.
func (b *bench) size() error {
	info, err := os.Stat(b.program)
	if err != nil {
		return err
	}
	fmt.Fprintf(&b.report, "| | stripped binary | %s | | | 12 MB |\n", megabytes(info.Size()))
	return nil
}
