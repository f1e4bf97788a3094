// Command netpol-merge is a Helm post-renderer that folds the network policy
// overlays of an API into the policy that the platform owns. Package render
// does the work; here is only what a command needs: flags, exit codes, what it reads
// (input.go) and writes (output.go), and problems as a KRM function returns them
// (results.go).
package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/networknt/netpol-merge/render"
)

// The exit codes.
const (
	exitDone    = 0
	exitRefused = 1 // the input was refused
	exitUsage   = 2
	exitIO      = 3 // could not read or write
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400) // nearly all that a run allocates lives to its end
	}
	signal.Ignore(syscall.SIGPIPE) // a reader that is gone is a write that fails
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole command. Nothing is written to stdout unless all succeeds.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var s settings
	out := &output{Writer: stdout}
	command := newCommand(&s, out)
	command.SetArgs(append([]string{}, args...)) // cobra takes nil for os.Args
	command.SetIn(stdin)
	command.SetOut(out)
	command.SetErr(stderr)
	err := command.Execute()
	if out.failure != nil { // which cobra does not look at when it writes help
		err = out.failure
	}
	if err == nil {
		return exitDone
	}
	var refusal *render.Refusal
	var internal *render.InternalError
	var usage *usageError
	switch {
	case errors.As(err, &refusal), errors.As(err, &internal):
		if s.errorsAsManifest {
			return writeErrorManifest(out, stderr, err)
		}
		fmt.Fprintln(stderr, err)
		if s.errorsAsResults {
			return writeResults(out, stderr, err)
		}
		return exitRefused
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "netpol-merge: %s\n  hint: see netpol-merge --help\n", render.Printable(err.Error()))
		return exitUsage
	}
	fmt.Fprintf(stderr, "netpol-merge: %s\n", render.Printable(err.Error()))
	return exitIO
}

// usageError is a command line that makes no sense.
type usageError struct{ reason error }

func (e *usageError) Error() string { return e.reason.Error() }
func (e *usageError) Unwrap() error { return e.reason }

// settings are what the flags say.
type settings struct {
	render.Renderer
	overlays, ceilings []string // paths
	report             string   // path; empty for none
	format             string   // of explain
	errorsAsManifest   bool
	errorsAsResults    bool
}

func newCommand(s *settings, stdout *output) *cobra.Command {
	root := &cobra.Command{
		Use:   "netpol-merge [flags] [FILE...]",
		Short: "Fold network policy overlays into the policy that the platform owns",
		Long: `netpol-merge reads rendered manifests from standard input, or from the files,
and folds every NetworkPolicy that carries the annotation

  netpol-merge.networknt.com/into: NAME

into the NetworkPolicy of that name: the result allows exactly what both allow
together. Everything else leaves byte for byte as it came.

Every flag --some-flag can also be set as NETPOL_MERGE_SOME_FLAG.`,
		Example: `  helm install petstore charts/petstore --post-renderer netpol-merge
  helm template petstore charts/petstore | netpol-merge --require-input`,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(command *cobra.Command, files []string) error {
			result, err := s.mergeAndReport(command, files)
			if err != nil {
				return err
			}
			if _, err := io.WriteString(command.ErrOrStderr(), result.FormatWarnings()); err != nil {
				return fmt.Errorf("write warnings: %w", err)
			}
			_, err = result.WriteTo(stdout)
			return err
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	s.addFlags(root.Flags())
	root.AddCommand(newExplainCommand(s, stdout), newCheckCommand(), newCompletionCommand(), newVersionCommand(stdout))
	return root
}

func (s *settings) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&s.Target, "target", render.DefaultTarget, "target of overlays that name none")
	flags.StringVar(&s.Namespace, "namespace", "", "the release's namespace, for policies that name none")
	flags.StringArrayVar(&s.overlays, "overlay", nil, "file, or folder of *.yaml, *.yml and *.json, with more overlays (repeatable)")
	flags.StringArrayVar(&s.ceilings, "ceiling", nil, "file with a NetworkPolicy: the most that overlays may ask for (repeatable)")
	flags.BoolVar(&s.AllowIngress, "allow-ingress", false, "let overlays add ingress rules")
	flags.BoolVar(&s.Strict, "strict", false, "make warnings errors")
	flags.BoolVar(&s.RequireInput, "require-input", false, "refuse an empty input")
	flags.StringVar(&s.report, "report", "", "file to write what explain prints to: JSON if it ends in .json, Markdown if in .md, else text")
	// For hosts that do not show what is on standard error.
	flags.BoolVar(&s.errorsAsManifest, "errors-as-manifest", false, "on refusal exit 0 with a manifest that Helm 4 rejects with the message, for the Helm 4 plugin only")
	flags.BoolVar(&s.errorsAsResults, "errors-as-results", false, "on refusal also write a ResourceList with the problems as results, for kpt and other callers of KRM functions")
}

// setFromEnvironment sets flags that the command line does not from variables
// such as NETPOL_MERGE_ALLOW_INGRESS; an empty variable counts as unset.
func setFromEnvironment(flags *pflag.FlagSet) error {
	var problems []error
	flags.VisitAll(func(flag *pflag.Flag) {
		name := "NETPOL_MERGE_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		value := os.Getenv(name)
		if flag.Changed || value == "" || flag.Name == "help" {
			return
		}
		var err error
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			var items []string
			for item := range strings.SplitSeq(value, ",") {
				if item = strings.TrimSpace(item); item != "" {
					items = append(items, item)
				}
			}
			err = list.Replace(items)
		} else {
			err = flag.Value.Set(value)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("invalid value %q in %s: it has to be true or false", value, name))
		}
	})
	return errors.Join(problems...)
}

// mergeAndReport merges the files and writes the report, which tells a refusal, too.
func (s *settings) mergeAndReport(command *cobra.Command, files []string) (*render.Result, error) {
	if err := setFromEnvironment(command.Flags()); err != nil {
		return nil, &usageError{err}
	}
	if err := s.validate(files); err != nil {
		return nil, &usageError{err}
	}
	result, err := s.mergeFiles(command.InOrStdin(), files)
	if s.report == "" {
		return result, err
	}
	var report *render.Report
	if err != nil {
		report = render.ReportError(err)
	} else {
		report = result.Report()
	}
	failure := writeReport(s.report, report)
	if err != nil && failure != nil {
		return nil, fmt.Errorf("%w\nnetpol-merge: %w", err, failure)
	}
	if err == nil {
		err = failure
	}
	return result, err
}

// validate tells what is wrong with the settings, whatever the input.
func (s *settings) validate(files []string) error {
	if s.Target == "" {
		return errors.New("--target needs a name")
	}
	if reasons := validation.IsDNS1123Label(s.Namespace); s.Namespace != "" && len(reasons) > 0 {
		return fmt.Errorf("invalid value %q for --namespace: %s", s.Namespace, strings.Join(reasons, "; "))
	}
	if s.errorsAsManifest && s.errorsAsResults {
		return errors.New("--errors-as-manifest and --errors-as-results exclude each other: one is for Helm 4, the other for KRM functions")
	}
	if !slices.Contains([]string{"", "text", "json", "markdown"}, s.format) {
		return fmt.Errorf("invalid value %q for --output: it has to be text, json or markdown", s.format)
	}
	if s.report == "-" {
		return errors.New("--report needs a file: standard output is for the manifests")
	}
	return s.checkReport(files)
}

// checkReport tells whether the report would replace something that is read, under
// whatever name, or would be read as an overlay the next time.
func (s *settings) checkReport(files []string) error {
	if s.report == "" {
		return nil
	}
	if len(files) == 0 || slices.Contains(files, "-") {
		files = append(files, "/dev/stdin")
	}
	for _, path := range slices.Concat(files, s.overlays, s.ceilings, []string{"/dev/stdout"}) {
		if sameFile(path, s.report) || sameFile(path, filepath.Dir(s.report)) {
			return fmt.Errorf("--report %s would write over %s", s.report, path)
		}
	}
	return nil
}

// sameFile tells whether two paths, if they are there, are the same file or folder.
// A device, such as /dev/null, may be written to twice.
func sameFile(a, b string) bool {
	first, errA := os.Stat(a)
	second, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(first, second) && first.Mode()&os.ModeDevice == 0
}

func (s *settings) mergeFiles(stdin io.Reader, files []string) (result *render.Result, err error) {
	if s.Overlays, err = readSources(s.overlays); err != nil {
		return nil, err
	}
	if s.Ceilings, err = readSources(s.ceilings); err != nil {
		return nil, err
	}
	streams, err := readStreams(stdin, files)
	if err != nil {
		return nil, err
	}
	return s.Merge(streams...)
}

// writeReport writes a report in the format that the path's ending asks for.
func writeReport(path string, report *render.Report) error {
	format := map[string]string{".json": "json", ".md": "markdown"}[filepath.Ext(path)]
	text, err := formatReport(report, cmp.Or(format, "text"), render.TextStyle{})
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}

func formatReport(report *render.Report, format string, style render.TextStyle) (string, error) {
	switch format {
	case "json":
		text, err := report.JSON()
		return string(text), err
	case "markdown":
		return report.Markdown(), nil
	}
	return report.Text(style), nil
}

func newExplainCommand(s *settings, stdout *output) *cobra.Command {
	command := &cobra.Command{
		Use:   "explain [flags] [FILE...]",
		Short: "Show what the overlays add, and all that the merged policies allow",
		Args:  cobra.ArbitraryArgs,
		RunE: func(command *cobra.Command, files []string) error {
			result, err := s.mergeAndReport(command, files)
			if err != nil {
				return err
			}
			text, err := formatReport(result.Report(), s.format, stdout.style())
			if err != nil {
				return err
			}
			return stdout.print(text)
		},
	}
	s.addFlags(command.Flags())
	command.Flags().StringVarP(&s.format, "output", "o", "text", "text, json or markdown")
	return command
}

func newCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE...]",
		Short: "Exit with 1 if an overlay is still in the stream, and print which",
		Args:  cobra.ArbitraryArgs,
		RunE: func(command *cobra.Command, files []string) error {
			streams, err := readStreams(command.InOrStdin(), files)
			if err != nil {
				return err
			}
			return render.Check(streams...)
		},
	}
}

func newCompletionCommand() *cobra.Command {
	shells := []string{"bash", "fish", "powershell", "zsh"}
	return &cobra.Command{
		Use:   "completion " + strings.Join(shells, "|"),
		Short: "Print the script that completes commands and flags in a shell",
		Long: `completion prints a script for a shell to read when it starts. For this shell only:

  source <(netpol-merge completion bash)
  netpol-merge completion fish | source
  netpol-merge completion powershell | Out-String | Invoke-Expression
  source <(netpol-merge completion zsh)`,
		Args:      cobra.ArbitraryArgs,
		ValidArgs: shells,
		RunE: func(command *cobra.Command, args []string) error {
			root, stdout := command.Root(), command.OutOrStdout()
			if len(args) == 1 {
				switch args[0] {
				case "bash":
					return root.GenBashCompletionV2(stdout, true)
				case "fish":
					return root.GenFishCompletion(stdout, true)
				case "powershell":
					return root.GenPowerShellCompletionWithDesc(stdout)
				case "zsh":
					return root.GenZshCompletion(stdout)
				}
			}
			return &usageError{fmt.Errorf("completion needs the name of one shell: %s", strings.Join(shells, ", "))}
		},
	}
}

func newVersionCommand(stdout *output) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			return stdout.print("netpol-merge " + version() + "\n")
		},
	}
}

func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{fmt.Errorf("unexpected argument %q", args[0])}
	}
	return nil
}

// version is the module's version, which the go command knows of a build from a
// tag or by go install.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
