package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/networknt/netpol-merge/merge/mergetest"
)

const (
	overlayForFiles = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: db\nspec:\n  policyTypes: [Egress]\n  egress:\n  - ports:\n    - port: 5432\n"
	refusedStream   = "kind: NetworkPolicy\nmetadata: {annotations: {netpol-merge.networknt.com/into: ''}}\n"
)

// TestReportOfManyRuns: of runs that write to one report at once one wins. Whoever reads
// it meanwhile finds a whole one, and nothing else stays in the folder.
func TestReportOfManyRuns(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "report.json")
	const runs = 40
	wanted := map[string]bool{}
	streams := make([]string, runs)
	for i := range streams { // of many lengths
		name := strings.Repeat("a", 1+i)
		streams[i] = strings.Repeat(strings.ReplaceAll(mergetest.Target, "proxy-allow", name), 1+i)
		report, stderr, code := call(streams[i], "explain", "-o", "json")
		require.Equal(t, exitDone, code, stderr)
		wanted[report] = true
	}
	require.Len(t, wanted, runs)

	var writers, reader sync.WaitGroup
	done := make(chan struct{})
	codes := make([]int, runs)
	reader.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				if text, err := os.ReadFile(path); err == nil && !wanted[string(text)] {
					t.Errorf("a report that is not whole: %d bytes", len(text))
					return
				}
			}
		}
	})
	for i, stream := range streams {
		writers.Go(func() { _, _, codes[i] = call(stream, "--report", path) })
	}
	writers.Wait()
	close(done)
	reader.Wait()
	require.Equal(t, make([]int, runs), codes)
	require.True(t, wanted[read(t, path)])
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

// TestFilesThatNeverEnd: of the files of flags only regular ones are opened, and links to
// them, as a mounted ConfigMap has. Reading another may wait forever, or never end.
func TestFilesThatNeverEnd(t *testing.T) {
	useProgram(t)
	folder := t.TempDir()
	path := filepath.Join(folder, "more.yaml")
	for what, plant := range map[string]func() error{
		"link to a device": func() error { return os.Symlink("/dev/zero", path) },
		"FIFO":             func() error { return exec.Command("mkfifo", path).Run() },
	} {
		require.NoError(t, plant())
		for _, flag := range []string{"--overlay=" + folder, "--overlay=" + path, "--ceiling=" + folder, "--ceiling=" + path} {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			command := exec.CommandContext(ctx, "netpol-merge", flag)
			command.Stdin = strings.NewReader(mergetest.Target)
			var stdout, stderr bytes.Buffer
			command.Stdout, command.Stderr = &stdout, &stderr
			_ = command.Run()
			require.NoError(t, ctx.Err(), "%s, %s: it hangs", what, flag)
			cancel()
			require.Equal(t, exitIO, command.ProcessState.ExitCode(), "%s, %s", what, flag)
			require.Equal(t, "netpol-merge: "+path+": not a regular file\n", stderr.String())
			require.Empty(t, stdout.String())
		}
		require.NoError(t, os.Remove(path))
	}
	regular := filepath.Join(t.TempDir(), "regular")
	write(t, regular, overlayForFiles)
	require.NoError(t, os.Symlink(regular, path))
	stdout, stderr, code := call(mergetest.Target, "--overlay", folder)
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, stdout, "# from db")
}

// TestLargestFile: a file of a flag may have 32 MiB, and no more.
func TestLargestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.yaml")
	rest := "---\n" + overlayForFiles
	comment := "#" + strings.Repeat(" ", 1022) + "\n"
	text := strings.Repeat(comment, largestFile/1024)
	text = text[:largestFile-len(rest)-1] + "\n" + rest
	require.Len(t, text, 32<<20)
	write(t, path, text)
	stdout, stderr, code := call(mergetest.Target, "--overlay", path)
	require.Equal(t, exitDone, code, stderr)
	require.Contains(t, stdout, "# from db")
	write(t, path, text+"\n")
	for _, flag := range []string{"--overlay", "--ceiling"} {
		stdout, stderr, code = call(mergetest.Target, flag, path)
		require.Equal(t, exitIO, code)
		require.Equal(t, "netpol-merge: "+path+": larger than 32 MiB\n", stderr)
		require.Empty(t, stdout)
	}
}

// TestCeilingThatNamesNoFile: a bound that is switched off by accident is none.
func TestCeilingThatNamesNoFile(t *testing.T) {
	for _, value := range []string{"", " ,", ",", " "} {
		t.Setenv("NETPOL_MERGE_CEILING", value)
		for _, command := range []string{"", "explain", "diff /dev/null -"} {
			stdout, stderr, code := call(mergetest.Target, strings.Fields(command)...)
			require.Equal(t, exitUsage, code, "%q of %q", command, value)
			require.Equal(t, "netpol-merge: NETPOL_MERGE_CEILING is set, but names no file: name one, or unset it\n  hint: see netpol-merge --help\n", stderr)
			require.Empty(t, stdout)
		}
	}
	require.NoError(t, os.Unsetenv("NETPOL_MERGE_CEILING"))
	_, stderr, code := call(mergetest.Target)
	require.Equal(t, exitDone, code, stderr)
}

func TestVersionFlag(t *testing.T) {
	for _, args := range []string{"--version", "version"} {
		stdout, stderr, code := call("", args)
		require.Equal(t, exitDone, code)
		require.Equal(t, "netpol-merge "+version()+"\n", stdout)
		require.Empty(t, stderr)
	}
}

// TestErrorsAsManifest: every failed run of the Helm 4 plugin, of whatever exit code,
// gives one document that nothing can apply, and that says what standard error would.
func TestErrorsAsManifest(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none", "file")
	for _, test := range []struct {
		code  int
		input string
		args  []string
	}{
		{exitRefused, refusedStream, nil},
		{exitRefused, refusedStream, []string{"explain"}},
		{exitRefused, refusedStream, []string{"check"}},
		{exitRefused, "", []string{"--require-input"}},
		{exitUsage, "", []string{"--no-such-flag"}},
		{exitUsage, "", []string{"explain", "--no-such-flag"}},
		{exitUsage, "", []string{"diff", "one"}},
		{exitUsage, "", []string{"version", "one"}},
		{exitUsage, "", []string{"--strict --allow-ingress"}},
		{exitUsage, "", []string{"--namespace", "No Namespace"}},
		{exitIO, mergetest.Target, []string{"--ceiling", none}},
		{exitIO, mergetest.Target, []string{"--report", none}},
		{exitIO, mergetest.Target, []string{none}},
	} {
		t.Run(fmt.Sprint(test.code, test.args), func(t *testing.T) {
			stdout, message, code := call(test.input, test.args...)
			require.Equal(t, test.code, code)
			require.Empty(t, stdout)
			require.NotEmpty(t, message)

			stdout, stderr, code := call(test.input, append([]string{"--" + errorsAsManifest}, test.args...)...)
			require.Equal(t, exitDone, code)
			require.Empty(t, stderr)
			var manifest struct {
				Kind     []string
				Metadata struct{ Annotations map[string]string }
			}
			require.NoError(t, yaml.UnmarshalStrict([]byte(stdout), &manifest))
			require.Equal(t, []string{"netpol-merge-error"}, manifest.Kind)
			require.Equal(t, map[string]string{"postrenderer.helm.sh/postrender-filename": "netpol-merge\n" + message}, manifest.Metadata.Annotations)
		})
	}
}

// TestErrorsAsManifestUnwritten: what cannot be told on standard output is told on
// standard error, with an exit code.
func TestErrorsAsManifestUnwritten(t *testing.T) {
	var stderr bytes.Buffer
	code := run([]string{"--" + errorsAsManifest}, strings.NewReader(refusedStream), brokenWriter{}, &stderr)
	require.Equal(t, exitIO, code)
	require.Contains(t, stderr.String(), "refused for")
	require.Contains(t, stderr.String(), "write standard output: broken")
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }
