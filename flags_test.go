package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestArguments: what is wrong with the command line or the environment is said, and
// exits with 2.
func TestArguments(t *testing.T) {
	for _, test := range []struct {
		env, args []string
		want      string // of the message; empty if nothing is wrong
	}{
		{nil, []string{"--strict --allow-ingress"}, "one argument holds several flags"},
		{nil, []string{"--namespace shop"}, "one argument holds several flags"},
		{nil, []string{"--target=a b"}, ""},
		{nil, []string{"--", "--strict --allow-ingress"}, "no such file"},
		{nil, []string{"--ceiling", " "}, "--ceiling needs a file"},
		{nil, []string{"--target", ""}, "--target needs a name"},
		{[]string{"NETPOL_MERGE_CEILING="}, nil, "NETPOL_MERGE_CEILING is set, but names no file"},
		{[]string{"NETPOL_MERGE_CEILING= , "}, nil, "NETPOL_MERGE_CEILING is set, but names no file"},
		{[]string{"NETPOL_MERGE_STRICT=x"}, nil, `invalid value "x" in NETPOL_MERGE_STRICT`},
		{[]string{"NETPOL_MERGE_CEILING="}, []string{"--ceiling", "no/such"}, "no such file"},
		{[]string{"NETPOL_MERGE_CEILING=no/such, no/other"}, nil, "no such file"},
		{[]string{"NETPOL_MERGE_STRICT=", "NETPOL_MERGE_OVERLAY=", "NETPOL_MERGE_TARGET="}, nil, ""},
		{[]string{"NETPOL_MERGE_HELP=true", "NETPOL_MERGE_VERSION=true"}, nil, ""},
	} {
		t.Run(strings.Join(append(test.env, test.args...), " "), func(t *testing.T) {
			for _, variable := range test.env {
				name, value, _ := strings.Cut(variable, "=")
				t.Setenv(name, value)
			}
			stdout, stderr, code := call("a: b\n", test.args...)
			if test.want == "" {
				require.Equal(t, exitDone, code, stderr)
				require.Equal(t, "a: b\n", stdout)
				return
			}
			require.Contains(t, stderr, test.want)
			want := exitUsage
			if test.want == "no such file" {
				want = exitIO
			}
			require.Equal(t, want, code)
			require.Empty(t, stdout)
		})
	}
}

// TestFilesOfFlags: only regular files of a bounded size are read, or links to them; of a
// folder those that end as manifests do.
func TestFilesOfFlags(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	require.NoError(t, syscall.Mkfifo(at("pipe"), 0o600))
	write(t, at("large"), "# note\n")
	require.NoError(t, os.Truncate(at("large"), largestFile+1))
	write(t, at("file"), "# note\n")
	require.NoError(t, os.Symlink("file", at("link")))
	require.NoError(t, os.MkdirAll(at("folder/a.yaml"), 0o700))
	write(t, at("folder/b.yaml"), "# note\n")
	write(t, at("folder/c.txt"), "kind: ConfigMap\n")
	require.NoError(t, os.Mkdir(at("empty"), 0o700))
	for name, want := range map[string]string{
		"pipe": "not a regular file", "large": "larger than 32 MiB", "file": "", "link": "", "folder": "",
		"empty": "in this folder", "none": "no such file",
	} {
		_, stderr, code := call("a: b\n", "--overlay", at(name))
		if want == "" {
			require.Equal(t, exitDone, code, stderr)
			continue
		}
		require.Equal(t, exitIO, code, name)
		require.Contains(t, stderr, want)
	}
	for _, ending := range []string{"yaml", "yml", "json"} {
		write(t, at("empty/a."+ending), "kind: ConfigMap\n")
		_, stderr, code := call("a: b\n", "--overlay", at("empty"))
		require.Equal(t, exitRefused, code, ending)
		require.Contains(t, stderr, "a."+ending+":1:")
		require.NoError(t, os.Remove(at("empty/a."+ending)))
	}
}

// TestReportIsWhole: a report is written whole or not at all, links are replaced, pipes
// and devices written to, and nothing else is left behind.
func TestReportIsWhole(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	write(t, at("elsewhere"), "stays")
	require.NoError(t, os.Symlink("elsewhere", at("link")))
	require.NoError(t, os.Mkdir(at("folder"), 0o700))
	write(t, at("folder/file"), "stays")

	_, stderr, code := call("a: b\n", "--report", at("link"))
	require.Equal(t, exitDone, code, stderr)
	require.Equal(t, "stays", read(t, at("elsewhere")))
	info, err := os.Lstat(at("link"))
	require.NoError(t, err)
	require.True(t, info.Mode().IsRegular())

	_, stderr, code = call("a: b\n", "--report", at("folder"))
	require.Equal(t, exitIO, code)
	require.Contains(t, stderr, "write the report "+at("folder")+": is a directory")

	_, stderr, code = call("a: b\n", "--report", at("none/report"))
	require.Equal(t, exitIO, code)
	require.NotContains(t, stderr, ".tmp", "nobody knows that file")

	require.NoError(t, syscall.Mkfifo(at("pipe"), 0o600))
	pipe, err := os.OpenFile(at("pipe"), os.O_RDWR, 0) // of both ends, so nobody waits
	require.NoError(t, err)
	defer pipe.Close()
	_, stderr, code = call("a: b\n", "--report", at("pipe"))
	require.Equal(t, exitDone, code, stderr)
	info, err = os.Lstat(at("pipe"))
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeNamedPipe, "a pipe is written to, not replaced")

	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 4, "nothing is left behind: %v", entries)
}
