// Command demo renders charts/petstore with Helm, without and with netpol-merge
// as the post-renderer, and shows the difference. It is what make demo runs.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run() error {
	helm, err := findHelm()
	if err != nil {
		return err
	}
	postRenderer, err := postRendererFor(helm)
	if err != nil {
		return err
	}
	before, err := output(helm, "template", "petstore", "charts/petstore")
	if err != nil {
		return err
	}
	after, err := output(helm, "template", "petstore", "charts/petstore", "--post-renderer", postRenderer)
	if err != nil {
		return err
	}
	fmt.Printf("helm template petstore charts/petstore --post-renderer %s\n", postRenderer)
	show(documents(before), documents(after))
	return nil
}

// findHelm takes the helm in PATH, or else the one that go.mod pins.
func findHelm() ([]string, error) {
	if path, err := exec.LookPath("helm"); err == nil {
		return []string{path}, nil
	}
	fmt.Fprintln(os.Stderr, "no helm in PATH, building the pinned one; the first time takes minutes")
	path, err := output([]string{"go"}, "tool", "-n", "helm")
	return []string{strings.TrimSpace(path)}, err
}

// postRendererFor is how the helm names the program: Helm 3 by its path, Helm 4
// by the name of a plugin, which is made for it in bin.
func postRendererFor(helm []string) (string, error) {
	version, err := output(helm, "version", "--template", "{{.Version}}")
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(version, "v4.") {
		return "bin/netpol-merge", nil
	}
	folder, err := filepath.Abs("bin/plugins/netpol-merge")
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	manifest, err := os.ReadFile("plugin.yaml")
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(folder, "plugin.yaml"), manifest, 0o644); err != nil {
		return "", err
	}
	program, err := os.ReadFile("bin/netpol-merge")
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(folder, binaryName()), program, 0o755); err != nil {
		return "", err
	}
	return "netpol-merge", os.Setenv("HELM_PLUGINS", filepath.Dir(folder))
}

// binaryName is the program's name in plugin.yaml.
func binaryName() string {
	name := "netpol-merge-" + runtime.GOOS + "-" + runtime.GOARCH
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return name
}

func output(command []string, args ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(command[0], append(command[1:], args...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, stderr.String())
	}
	return stdout.String(), nil
}

// document is a rendered manifest and what it is called.
type document struct{ title, text string }

func documents(stream string) []document {
	var found []document
	for text := range strings.SplitSeq(stream, "---\n") {
		if strings.TrimSpace(text) != "" {
			found = append(found, document{field(text, "kind") + " " + field(text, "  name"), text})
		}
	}
	return found
}

func field(text, key string) string {
	match := regexp.MustCompile(`(?m)^` + key + `: *(\S+)`).FindStringSubmatch(text)
	if match == nil {
		return ""
	}
	return match[1]
}

func show(before, after []document) {
	same := 0
	for _, old := range before {
		i := slices.IndexFunc(after, func(d document) bool { return d.title == old.title })
		switch {
		case i < 0:
			fmt.Printf("\n%s: an overlay, folded into its target\n", paint("1", old.title))
		case after[i].text == old.text:
			same++
		default:
			fmt.Printf("\n%s: the target\n\n", paint("1", old.title))
			showAdded(lines(old.text), lines(after[i].text))
		}
	}
	fmt.Printf("\nThe %d other documents are byte for byte the same.\n", same)
}

// showAdded prints the lines after, and marks those that were not there before.
func showAdded(before, after []string) {
	for _, line := range after {
		if len(before) > 0 && line == before[0] {
			fmt.Println("    " + line)
			before = before[1:]
		} else {
			fmt.Println(paint("32", "  + "+line))
		}
	}
	for _, line := range before {
		fmt.Println(paint("31", "  - "+line))
	}
}

func lines(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.TrimSpace(line) == "" })
}

// paint colours text if a person is looking.
func paint(colour, text string) string {
	info, err := os.Stdout.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 || os.Getenv("NO_COLOR") != "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}
