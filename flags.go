package main

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/networknt/netpol-merge/render"
	"github.com/networknt/netpol-merge/render/report"
)

// errorsAsManifest is the name of the flag that the shipped Helm 4 plugin passes to
// whatever command it is given.
const errorsAsManifest = "errors-as-manifest"

// withFlags puts our flags beside what hints of package render, which knows no flags, say
// about its settings.
func withFlags(err error) error {
	refusal, ok := errors.AsType[*render.Refusal](err)
	if !ok {
		return err
	}
	flags := strings.NewReplacer(
		report.ReleaseNamespace, report.ReleaseNamespace+" (--namespace)",
		report.AllowIngress, report.AllowIngress+" (--allow-ingress)",
		report.AcceptEmptyInput, report.AcceptEmptyInput+" (without --require-input)")
	for i, problem := range refusal.Problems {
		refusal.Problems[i].Hint = flags.Replace(problem.Hint)
	}
	return err
}

// settings are what the flags say.
type settings struct {
	render.Renderer
	overlays, ceilings []string // paths
	report             string   // path; empty for none
	format             string   // of explain and diff
	errorsAsManifest   bool
}

// addFlags adds the flags of everything that merges.
func (s *settings) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&s.Target, "target", render.DefaultTarget, "target of overlays that name none")
	flags.StringVar(&s.Namespace, "namespace", "", "the release's namespace, for policies that name none")
	flags.StringArrayVar(&s.overlays, "overlay", nil, "file, or folder of *.yaml, *.yml and *.json, with more overlays (repeatable)")
	flags.StringArrayVar(&s.ceilings, "ceiling", nil, "file, or folder, of NetworkPolicies: the most that the policies may allow (repeatable)")
	flags.BoolVar(&s.AllowIngress, "allow-ingress", false, "let overlays add ingress rules")
	flags.BoolVar(&s.Strict, "strict", false, "make warnings errors")
	flags.BoolVar(&s.RequireInput, "require-input", false, "refuse an empty input")
}

func (s *settings) addFormatFlag(flags *pflag.FlagSet) {
	flags.StringVarP(&s.format, "output", "o", "text", formatNames)
}

func (s *settings) addReportFlags(flags *pflag.FlagSet) {
	flags.StringVar(&s.report, "report", "", "file to write what explain prints to: JSON if it ends in .json, Markdown if in .md, else text")
}

// checkArguments finds arguments that hold several flags, or a flag and its value: a
// host that passes arguments may not split them.
func checkArguments(args []string) error {
	for _, arg := range args {
		if arg == "--" {
			return nil
		}
		if !strings.HasPrefix(arg, "--") {
			continue
		}
		name, _, _ := strings.Cut(arg, "=")
		flag, value, isTwo := strings.Cut(name, " ")
		switch {
		case strings.Contains(arg, " --"):
			return usageError("one argument holds several flags: %q; pass each as an argument of its own", arg)
		case isTwo:
			return usageError("one argument holds a flag and its value: %q; write %q", arg, flag+"="+strings.TrimSpace(value))
		}
	}
	return nil
}

// setFromEnvironment sets flags that the command line does not from variables such as
// NETPOL_MERGE_ALLOW_INGRESS.
func setFromEnvironment(flags *pflag.FlagSet) error {
	var wrong []string
	flags.VisitAll(func(flag *pflag.Flag) {
		variable := "NETPOL_MERGE_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		value, isSet := os.LookupEnv(variable)
		if flag.Changed || !isSet || flag.Name == "help" || flag.Name == "version" {
			return
		}
		if err := setFromVariable(flag, variable, value); err != nil {
			wrong = append(wrong, err.Error())
		}
	})
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "NETPOL_MERGE_CEIL") && name != "NETPOL_MERGE_CEILING" {
			wrong = append(wrong, name+" is not known: did you mean NETPOL_MERGE_CEILING?")
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return usageError("%s", strings.Join(wrong, "; "))
}

// setFromVariable sets one flag. An empty value counts as unset, but for the ceilings: a
// bound that is switched off by accident is none.
func setFromVariable(flag *pflag.Flag, variable, value string) error {
	var items []string
	for item := range strings.SplitSeq(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	list, isList := flag.Value.(pflag.SliceValue)
	switch {
	case flag.Name == "ceiling" && len(items) == 0:
		return fmt.Errorf("%s is set, but names no file: name one, or unset it", variable)
	case value == "":
		return nil
	case isList:
		if err := list.Replace(items); err != nil {
			return fmt.Errorf("%s: %w", variable, err)
		}
	case flag.Value.Set(value) != nil:
		return fmt.Errorf("invalid value %q in %s: it has to be true or false", value, variable)
	}
	return nil
}

// complete sets what the environment says, and returns what is wrong with the settings,
// whatever the input.
func (s *settings) complete(flags *pflag.FlagSet) error {
	if err := setFromEnvironment(flags); err != nil {
		return err
	}
	if s.Target == "" {
		return usageError("--target needs a name")
	}
	if reasons := validation.IsDNS1123Label(s.Namespace); s.Namespace != "" && len(reasons) > 0 {
		return usageError("invalid value %q for --namespace: %s", s.Namespace, strings.Join(reasons, "; "))
	}
	paths := map[string][]string{"overlay": s.overlays, "ceiling": s.ceilings, "report": {s.report}}
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		isEmpty := func(path string) bool { return strings.TrimSpace(path) == "" }
		if flag := flags.Lookup(name); flag != nil && flag.Changed && slices.ContainsFunc(paths[name], isEmpty) {
			return usageError("--%s needs a file", name)
		}
	}
	if formats()[s.format] == nil && flags.Lookup("output") != nil {
		return usageError("invalid value %q for --output: it has to be %s", s.format, formatNames)
	}
	if s.report != "" {
		s.report = filepath.Clean(s.report) // "/dev/./stderr" is /dev/stderr
	}
	if s.report == "-" || isStandardOutput(s.report) {
		return usageError("--report needs a file: standard output is for the manifests")
	}
	return nil
}

// isStandardOutput reports whether a path leads to standard output, whatever its name. A
// device may be both, as /dev/null often is.
func isStandardOutput(path string) bool {
	if path == "/dev/stdout" || path == "/dev/fd/1" {
		return true
	}
	file, err := os.Stat(path)
	output, outputErr := os.Stdout.Stat()
	return err == nil && outputErr == nil && file.Mode()&fs.ModeCharDevice == 0 && os.SameFile(file, output)
}
