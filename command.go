package main

import (
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/networknt/netpol-merge/render"
	"github.com/networknt/netpol-merge/render/report"
)

const description = `netpol-merge reads rendered manifests from standard input, or from the files,
and folds every NetworkPolicy that carries the annotation

  netpol-merge.networknt.com/into: NAME

into the NetworkPolicy of that name: the result allows exactly what both allow
together. Everything else leaves byte for byte as it came.

Every flag --some-flag can also be set as NETPOL_MERGE_SOME_FLAG.`

func newCommand(s *settings, stdout *output) *cobra.Command {
	var onlyVersion bool
	root := &cobra.Command{
		Use:   "netpol-merge [flags] [FILE...]",
		Short: "Fold network policy overlays into the policy that the platform owns",
		Long:  description,
		Example: `  helm install petstore charts/petstore --post-renderer netpol-merge
  helm template petstore charts/petstore | netpol-merge --require-input`,
		Args:          cobra.ArbitraryArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(command *cobra.Command, _ []string) error {
			return s.complete(command.Flags())
		},
		RunE: func(command *cobra.Command, files []string) error {
			if onlyVersion {
				return printVersion(stdout)
			}
			return s.writeMerged(command, stdout, files)
		},
	}
	// Not cobra's, which needs a template, and so 6 MB of text/template, to say the same as
	// the command.
	root.Flags().BoolVarP(&onlyVersion, "version", "v", false, "print the version")
	s.addFlags(root.Flags())
	s.addReportFlags(root.Flags())
	root.PersistentFlags().BoolVar(&s.errorsAsManifest, errorsAsManifest, false,
		"on failure exit 0 with a manifest that Helm 4 rejects with the message, for the Helm 4 plugin only")
	root.AddCommand(newExplainCommand(s, stdout), newDiffCommand(s, stdout), newCheckCommand(), &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return printVersion(stdout) },
	})
	return root
}

// refuseUnknown makes cobra's own commands, which answer anything with help, refuse what
// they do not know. They keep the output that the root has now.
func refuseUnknown(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	help, _, _ := root.Find([]string{"help"})
	help.Args = func(_ *cobra.Command, names []string) error {
		if found, _, err := root.Find(names); len(names) > 0 && (err != nil || found == root) {
			return usageError("there is no command %q", strings.Join(names, " "))
		}
		return nil
	}
	completion, _, _ := root.Find([]string{"completion"})
	completion.Args, completion.RunE = cobra.ArbitraryArgs, func(command *cobra.Command, shells []string) error {
		if len(shells) > 0 {
			return usageError("there is no completion for %q", strings.Join(shells, " "))
		}
		return command.Help()
	}
}

// writeMerged is what the program is for.
func (s *settings) writeMerged(command *cobra.Command, stdout *output, files []string) error {
	var result *render.Result
	streams, err := s.read(command, files)
	if err == nil {
		result, err = s.Merge(streams...)
	}
	if err != nil {
		return s.reported(nil, err)
	}
	stream, warnings := result.Stream, result.Warnings // the rest may go before a report is written
	if err := s.reported(result.Report, nil); err != nil {
		return err
	}
	if err := writeWarnings(command, warnings); err != nil {
		return err
	}
	_, _ = stream.WriteTo(stdout) // which keeps the failure
	return stdout.failure
}

func newExplainCommand(s *settings, stdout *output) *cobra.Command {
	command := &cobra.Command{
		Use:   "explain [flags] [FILE...]",
		Short: "Show what the overlays add, and all that the policies allow",
		Args:  cobra.ArbitraryArgs,
		RunE: func(command *cobra.Command, files []string) error {
			var said *render.Report
			streams, err := s.read(command, files)
			if err == nil {
				said, err = s.Explain(streams...)
			}
			if err := s.reported(func() *render.Report { return said }, err); err != nil {
				return err
			}
			return stdout.printReport(said, s.format)
		},
	}
	s.addFlags(command.Flags())
	s.addReportFlags(command.Flags())
	s.addFormatFlag(command.Flags())
	return command
}

func newDiffCommand(s *settings, stdout *output) *cobra.Command {
	var exitCode bool
	command := &cobra.Command{
		Use:   "diff [flags] OLD NEW",
		Short: "Show what the policies of one input allow and those of another do not",
		Args:  cobra.ExactArgs(2),
		RunE: func(command *cobra.Command, files []string) error {
			if files[0] == "-" && files[1] == "-" {
				return usageError("only one of the inputs can be standard input")
			}
			streams, err := s.read(command, files)
			if err != nil {
				return err
			}
			difference, err := s.Diff(streams[0], streams[1])
			if err != nil {
				return withFlags(err)
			}
			if err := writeWarnings(command, difference.Warnings); err != nil {
				return err
			}
			if err := stdout.printReport(difference, s.format); err != nil {
				return err
			}
			if exitCode && !difference.IsEmpty() {
				return errDiffers
			}
			return nil
		},
	}
	s.addFlags(command.Flags())
	s.addFormatFlag(command.Flags())
	command.Flags().BoolVar(&exitCode, "exit-code", false, "exit with 1 if anything differs")
	return command
}

func newCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE...]",
		Short: "Exit with 1 if an overlay is still in the stream, and print which",
		Args:  cobra.ArbitraryArgs,
		RunE: func(command *cobra.Command, files []string) error {
			streams, err := readStreams(command.InOrStdin(), command.ErrOrStderr(), files)
			if err != nil {
				return ioError(err)
			}
			return render.Check(streams...)
		},
	}
}

func printVersion(stdout *output) error {
	return stdout.print("netpol-merge " + version() + "\n")
}

// version is the module's version, which the go command knows of a build from a tag or
// by go install.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// reported writes the report of a run, if one is asked for. It returns the error of the
// run, of which the report also tells, and what went wrong with the report.
func (s *settings) reported(said func() *render.Report, err error) error {
	err = withFlags(err)
	switch {
	case s.report == "":
		return err
	case err == nil:
		return ioError(writeReport(s.report, said()))
	}
	if failure := ioError(writeReport(s.report, render.ReportError(err))); failure != nil {
		err = fmt.Errorf("%w\nnetpol-merge: %w", err, failure)
	}
	return err
}

// read reads the files of flags and arguments.
func (s *settings) read(command *cobra.Command, files []string) (streams []render.Source, err error) {
	if s.Overlays, err = readSources(s.overlays); err == nil {
		s.Ceilings, err = readSources(s.ceilings)
	}
	if err == nil {
		streams, err = readStreams(command.InOrStdin(), command.ErrOrStderr(), files)
	}
	return streams, ioError(err)
}

func writeWarnings(command *cobra.Command, warnings []render.Problem) error {
	if _, err := io.WriteString(command.ErrOrStderr(), report.FormatWarnings(warnings)); err != nil {
		return ioError(fmt.Errorf("write warnings: %w", err))
	}
	return nil
}
