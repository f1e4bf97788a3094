// Package hosts runs netpol-merge in the programs that call it, each the real
// one, against a real API server. It needs Linux, and what e2e/tools builds.
package hosts

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"
)

var (
	root  string // of a copy of the checkout, so that nothing is written to it
	work  string // holds everything else that the tests write
	api   *cluster
	helms []helm
)

func TestMain(m *testing.M) {
	// What is started below dies with this thread: the main one lives as long
	// as the process, however that ends.
	runtime.LockOSThread()
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e/hosts:", err)
		code = 1
	}
	os.Exit(code)
}

func runAll(m *testing.M) (code int, err error) {
	if work, err = os.MkdirTemp("", "netpol-merge-e2e-"); err != nil {
		return 1, err
	}
	defer os.RemoveAll(work)
	if err := prepare(); err != nil {
		return 1, err
	}
	if api, err = startCluster(filepath.Join(work, "cluster")); err != nil {
		return 1, err
	}
	defer api.stop()
	code = m.Run()
	printTable()
	return code, nil
}

// prepare copies the checkout, builds the program and the plugin, and puts the
// tools where tests find them by their common names.
func prepare() error {
	root = filepath.Join(work, "netpol-merge")
	if err := copyCheckout("../..", root); err != nil {
		return err
	}
	tools := exec.Command("../tools")
	tools.Stderr = os.Stderr
	folder, err := tools.Output()
	if err != nil {
		return fmt.Errorf("e2e/tools: %w", err)
	}
	plugin := exec.Command("make", "--silent", "build", "plugin")
	plugin.Dir = root
	if output, err := plugin.CombinedOutput(); err != nil {
		return fmt.Errorf("make build plugin: %w\n%s", err, output)
	}
	from := strings.TrimSpace(string(folder))
	for name, tool := range map[string]string{
		"bin/netpol-merge":   filepath.Join(root, "bin/netpol-merge"),
		"bin/kustomize":      filepath.Join(from, "kustomize-5.8.2"),
		"bin/yq":             filepath.Join(from, "yq-4.54.3"),
		"bin/helmfile":       filepath.Join(from, "helmfile-1.8.0"),
		"bin/argocd":         filepath.Join(from, "argocd-3.5.7"),
		"bin/etcd":           filepath.Join(from, "etcd-3.7.0"),
		"bin/kube-apiserver": filepath.Join(from, "kube-apiserver-1.37.2"),
		"bin/kubectl":        filepath.Join(from, "kubectl-1.37.2"),
		"3.22.0/helm":        filepath.Join(from, "helm-3.22.0"),
		"4.3.1/helm":         filepath.Join(from, "helm-4.3.1"),
	} {
		link := filepath.Join(work, name)
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			return err
		}
		if err := os.Symlink(tool, link); err != nil {
			return err
		}
	}
	helms = []helm{{version: "3.22.0"}, {version: "4.3.1", plugins: filepath.Join(root, "dist/plugin")}}
	return nil
}

// copyCheckout copies what belongs to the checkout.
func copyCheckout(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		switch relative {
		case ".git", "bin", "dist":
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		target := filepath.Join(to, relative)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, text, info.Mode())
	})
}

// start starts a program that the process takes down with it.
func start(command *exec.Cmd) error {
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return command.Start()
}

// kill ends a program that start started, and what that has started.
func kill(command *exec.Cmd) {
	_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
	_ = command.Wait()
}

var (
	table   []*row
	tableMu sync.Mutex
)

type row struct{ host, version, what, result string }

// record adds a row to the table that is printed in the end.
func record(t *testing.T, host, version, what string) {
	r := &row{host, version, what, "ok"}
	tableMu.Lock()
	table = append(table, r)
	tableMu.Unlock()
	t.Cleanup(func() {
		if t.Failed() {
			r.result = "FAILED"
		}
	})
}

func printTable() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nHOST\tVERSION\tWHAT RAN\tRESULT")
	for _, r := range table {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.host, r.version, r.what, r.result)
	}
	w.Flush()
}

// environment is that of a person who has the program and a helm in PATH, and
// no way to the network but to this machine.
func environment(h helm, more ...string) []string {
	home := filepath.Join(work, "home", h.version)
	return append([]string{
		"PATH=" + strings.Join([]string{filepath.Join(work, "bin"), filepath.Join(work, h.version), os.Getenv("PATH")}, string(os.PathListSeparator)),
		"HOME=" + home,
		"TMPDIR=" + work,
		"KUBECONFIG=" + api.kubeconfig,
		"HELM_PLUGINS=" + h.plugins,
		"HELM_DATA_HOME=" + cmp.Or(h.data, filepath.Join(home, "data")),
		"HELM_CONFIG_HOME=" + filepath.Join(home, "config"),
		"HELM_CACHE_HOME=" + filepath.Join(home, "cache"),
		"HELMFILE_UPGRADE_NOTICE_DISABLED=true",
		"HTTP_PROXY=http://127.0.0.1:1",
		"HTTPS_PROXY=http://127.0.0.1:1",
	}, more...)
}

// run runs a program in a folder of the checkout's copy.
func run(folder string, environment []string, name string, args ...string) (stdout, stderr string, err error) {
	var out, errOut strings.Builder
	command := exec.Command(name, args...)
	for _, variable := range environment { // not the PATH of the test itself
		if path, ok := strings.CutPrefix(variable, "PATH="); ok && !strings.Contains(name, "/") {
			command = exec.Command(lookPath(path, name), args...)
		}
	}
	command.Dir, command.Env = filepath.Join(root, folder), environment
	command.Stdout, command.Stderr = &out, &errOut
	err = command.Run()
	return out.String(), errOut.String(), err
}

func lookPath(path, name string) string {
	for _, folder := range filepath.SplitList(path) {
		if file := filepath.Join(folder, name); isExecutable(file) {
			return file
		}
	}
	return name
}

func isExecutable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() && info.Mode()&0o111 != 0
}

func write(t *testing.T, path, text string) {
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}
