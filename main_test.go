package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/networknt/netpol-merge/merge/mergetest"
	"github.com/networknt/netpol-merge/render"
)

var update = flag.Bool("update", false, "write what the golden cases give as what they should give")

// TestGolden runs every case of testdata as one call of the command. Cases are
// grouped by the section of docs/design.md that they prove. Files in a case:
// promise (the section, and what the case proves), input.yaml, args (one a line),
// env, and what must come out: output.yaml, stderr, exit. Lines may only be
// inserted, unless there is a file lines-change (4.1: flow style and the like).
func TestGolden(t *testing.T) {
	cases, err := filepath.Glob("testdata/*/*")
	require.NoError(t, err)
	require.Greater(t, len(cases), 60)
	sections := sectionsOfContract(t)
	for _, dir := range cases {
		promise := read(t, filepath.Join(dir, "promise"))
		t.Run(strings.TrimPrefix(dir, "testdata/"), func(t *testing.T) {
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the promise: %s", promise)
				}
			})
			requireSection(t, sections, filepath.Base(filepath.Dir(dir)), promise)
			testGolden(t, dir, promise)
		})
	}
}

// TestGoldenFolders: a case that is in no section would not run.
func TestGoldenFolders(t *testing.T) {
	entries, err := os.ReadDir("testdata")
	require.NoError(t, err)
	for _, entry := range entries {
		if entry.IsDir() {
			require.Contains(t, groups, entry.Name(), "a case is in the folder of its section: testdata/3-fold/my-case")
		}
	}
}

// groups are the folders of testdata, one for each section of the contract that
// golden cases prove.
var groups = []string{"1-stream", "2-target", "3-fold", "4-text", "5-failing", "6-command"}

// sectionsOfContract returns the numbers that a promise may begin with: 3 for the
// heading "## 3. The fold", and 3.1 for the first item of the list below it.
func sectionsOfContract(t *testing.T) (numbers []string) {
	heading := ""
	for _, match := range regexp.MustCompile(`(?m)^(## )?(\d)\. `).FindAllStringSubmatch(read(t, "docs/design.md"), -1) {
		if match[1] != "" {
			heading = match[2]
			numbers = append(numbers, heading)
		} else {
			numbers = append(numbers, heading+"."+match[2])
		}
	}
	require.Subset(t, numbers, []string{"1", "1.7", "2", "3.3", "5.5", "6"})
	return numbers
}

// requireSection checks that a promise begins with sections of the contract, the
// first of which is that of the case's folder.
func requireSection(t *testing.T, sections []string, group, promise string) {
	require.Regexp(t, `^\d(\.\d)?( \d\.\d)* \S`, promise, "a promise begins with its section")
	for i, word := range strings.Fields(promise) {
		if !regexp.MustCompile(`^\d(\.\d)?$`).MatchString(word) {
			break
		}
		require.Contains(t, sections, word, "docs/design.md has no such section")
		if i == 0 {
			require.Equal(t, group[:1], word[:1], "the promise is of another section than its folder %s", group)
		}
	}
}

func testGolden(t *testing.T, dir, promise string) {
	t.Chdir(dir)
	for variable := range strings.FieldsSeq(read(t, "env")) {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	input := read(t, "input.yaml")
	stdout, stderr, code := call(input, strings.Fields(read(t, "args"))...)
	if *update {
		write(t, "output.yaml", stdout)
		write(t, "stderr", stderr)
		write(t, "exit", fmt.Sprintln(code))
	}
	require.Equal(t, read(t, "output.yaml"), stdout)
	require.Equal(t, read(t, "stderr"), stderr)
	require.Equal(t, strings.TrimSpace(read(t, "exit")), strconv.Itoa(code))
	if strings.HasPrefix(promise, "6 check") || strings.HasPrefix(promise, "6 explain") || strings.HasPrefix(promise, "6 diff") || strings.HasPrefix(promise, "5.3 a refusal") {
		return // not a merged stream
	}
	if code != exitDone {
		require.Empty(t, stdout, "nothing is written unless all is right")
		require.NotEmpty(t, stderr)
		return
	}
	again, stderr, code := call(stdout)
	require.Equal(t, exitDone, code, stderr)
	require.Equal(t, stdout, again, "running on one's own output changes nothing")
	if _, err := os.Stat("lines-change"); err != nil {
		requireOnlyInsertions(t, input, stdout)
	}
}

// TestPainted: on a terminal, the marks of a difference and of a report have colours.
func TestPainted(t *testing.T) {
	require.Equal(t, "\x1b[32m+ a\x1b[0m\n\x1b[31m- b\x1b[0m\n  c\n\n\x1b[33m! d\x1b[0m\n", string(painted([]byte("+ a\n- b\n  c\n\n! d"))))
}

// TestReportFile: --report writes what explain prints beside a run, in the format
// of its ending, and also if the run is refused.
func TestReportFile(t *testing.T) {
	folder := t.TempDir()
	input := read(t, "testdata/6-command/explain-text/input.yaml")
	for ending, format := range map[string]string{"txt": "text", "json": "json", "md": "markdown"} {
		path := filepath.Join(folder, "report."+ending)
		plain, _, _ := call(input)
		merged, _, code := call(input, "--report", path)
		require.Equal(t, exitDone, code)
		require.Equal(t, plain, merged, "the stream is the same")
		require.Equal(t, read(t, "testdata/6-command/explain-"+format+"/output.yaml"), read(t, path))
	}
	path := filepath.Join(folder, "refused.json")
	stdout, _, code := call(read(t, "testdata/5-failing/all-problems-at-once/input.yaml"), "explain", "--report", path)
	require.Equal(t, exitRefused, code)
	require.Empty(t, stdout)
	var report render.Report
	require.NoError(t, json.Unmarshal([]byte(read(t, path)), &report))
	require.True(t, report.Refused)
	require.Len(t, report.Problems, 5)
	require.Equal(t, "spec.egress[0].ports[0].port", report.Problems[0].Field)

	_, _, code = call("", "--overlay", "no/such/file", "--report", path)
	require.Equal(t, exitIO, code)
	require.Contains(t, read(t, path), "no/such/file", "a report of an earlier run does not stay")
}

// TestReportToSystem: what a path in /dev leads to is written to, and never replaced.
func TestReportToSystem(t *testing.T) {
	useProgram(t)
	for _, to := range []string{"/dev/stderr", "/dev//stderr", "/dev/./stderr", "/dev/fd/3"} {
		path := filepath.Join(t.TempDir(), "said")
		file, err := os.Create(path)
		require.NoError(t, err)
		before, err := os.Readlink("/dev/stderr")
		require.NoError(t, err)
		command := exec.Command("netpol-merge", "--report", to)
		command.Stdin = strings.NewReader(read(t, "testdata/6-command/explain-text/input.yaml"))
		if command.ExtraFiles = []*os.File{file}; to != "/dev/fd/3" {
			command.Stderr = file
		}
		require.NoError(t, command.Run(), read(t, path))
		require.NoError(t, file.Close())
		require.True(t, strings.HasPrefix(read(t, path), read(t, "testdata/6-command/explain-text/output.yaml")), "%s: %s", to, read(t, path)) // and warnings
		after, err := os.Readlink("/dev/stderr")
		require.NoError(t, err)
		require.Equal(t, before, after)
	}
}

// TestReportToStandardOutput: standard output is for the manifests, under whatever name.
func TestReportToStandardOutput(t *testing.T) {
	useProgram(t)
	path := filepath.Join(t.TempDir(), "merged.yaml")
	file, err := os.Create(path)
	require.NoError(t, err)
	for _, to := range []string{"-", "/dev/stdout", "/dev/./stdout", "/dev//stdout", "/dev/fd/1", "/proc/self/fd/1", path} {
		command := exec.Command("netpol-merge", "--report", to)
		command.Stdin = strings.NewReader(read(t, "testdata/6-command/explain-text/input.yaml"))
		command.Stdout = file
		require.Error(t, command.Run(), to)
		require.Equal(t, exitUsage, command.ProcessState.ExitCode(), to)
		require.Empty(t, read(t, path), to)
	}
	require.NoError(t, file.Close())
}

// TestOutputFails: what could not be written is told, whatever it is, and however
// standard output fails: it is full, or nobody reads it any more.
func TestOutputFails(t *testing.T) {
	useProgram(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	reader, unread, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, reader.Close())
	for _, stdout := range []*os.File{full, unread} {
		for _, args := range []string{"", "explain", "--errors-as-manifest input.yaml", "version", "completion bash", "--help", "explain --help"} {
			command := exec.Command("netpol-merge", strings.Fields(args)...)
			command.Dir, command.Stdout = "testdata/6-command/explain-errors-as-manifest", stdout
			var stderr bytes.Buffer
			command.Stderr = &stderr
			command.Stdin = strings.NewReader(read(t, "testdata/6-command/explain-text/input.yaml"))
			err := command.Run()
			require.Equal(t, exitIO, command.ProcessState.ExitCode(), "%q: %v", args, err)
			require.Contains(t, stderr.String(), "netpol-merge: write standard output: write /dev/stdout: ")
		}
		require.NoError(t, stdout.Close())
	}
}

// requireOnlyInsertions checks that all lines of documents that stay are in the
// output, in their order.
func requireOnlyInsertions(t *testing.T, input, output string) {
	starts := regexp.MustCompile(`(?m)^---(\s|$)`).FindAllStringIndex(input, -1)
	stay := ""
	for start := 0; start < len(input); {
		end := len(input)
		if i := slices.IndexFunc(starts, func(s []int) bool { return s[0] > start }); i >= 0 {
			end = starts[i][0]
		}
		text := input[start:end]
		if !strings.Contains(text, "/into") || strings.Contains(text, "|") {
			stay += text
		}
		start = end
	}
	if stay != "" {
		require.Empty(t, mergetest.LinesGone(strings.TrimSuffix(stay, "\n"), output), "lines changed")
	}
}

func call(input string, args ...string) (stdout, stderr string, code int) {
	var out, errOut bytes.Buffer
	code = run(args, strings.NewReader(input), &out, &errOut)
	return out.String(), errOut.String(), code
}

// read returns a file's text; of a file that is not there, none.
func read(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		require.NoError(t, err)
	}
	return string(text)
}

// write writes a file, or removes it if there is nothing to write.
func write(t *testing.T, path, text string) {
	if text == "" {
		require.NoError(t, os.RemoveAll(path))
		return
	}
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}
