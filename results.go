package main

import (
	"errors"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"

	"github.com/networknt/netpol-merge/render"
)

// writeResults writes a refusal as a KRM function reports it: a ResourceList
// with results and no items. kyaml's runtimeutil.FunctionFilter, which runs the
// functions of kustomize and kpt, reads standard output of a failed function,
// too: it keeps the results, for kpt fn --results-dir, and only then returns the
// failure, upon which its callers drop the items.
func writeResults(stdout, stderr io.Writer, refused error) int {
	results := []result{{Message: refused.Error(), Severity: "error"}}
	if refusal, ok := errors.AsType[*render.Refusal](refused); ok {
		results = nil
		for _, problem := range refusal.Problems {
			results = append(results, newResult(problem))
		}
	}
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": "config.kubernetes.io/v1",
		"kind":       "ResourceList",
		"items":      []any{},
		"results":    results,
	})
	if err == nil {
		_, err = stdout.Write(text)
	}
	if err != nil {
		fmt.Fprintf(stderr, "netpol-merge: %v\n", err)
		return exitIO
	}
	return exitRefused
}

// result is a problem in the words of the KRM functions specification.
type result struct {
	Message     string             `json:"message"`
	Severity    string             `json:"severity"`
	ResourceRef *resourceReference `json:"resourceRef,omitempty"`
	Field       *path              `json:"field,omitempty"`
	File        *path              `json:"file,omitempty"`
}

type resourceReference struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
}

type path struct {
	Path string `json:"path"`
}

func newResult(problem render.Problem) result {
	r := result{Message: problem.Reason, Severity: "error"}
	if problem.Hint != "" {
		r.Message += fmt.Sprintf("\nhint: %s (%s)", problem.Hint, problem.Code)
	}
	if problem.Kind != "" {
		r.ResourceRef = &resourceReference{problem.APIVersion, problem.Kind, problem.Name}
	}
	if problem.Field != "" {
		r.Field = &path{problem.Field}
	}
	if problem.Source != standardInput {
		r.File = &path{problem.Source}
	}
	return r
}
