package render

import "fmt"

// InternalError is a defect of this program, never of its input.
type InternalError struct{ reason error }

// Error says which check failed and where to report it.
func (e *InternalError) Error() string {
	return fmt.Sprintf("netpol-merge: internal error, nothing was written: %v\n  hint: please report this with the input at https://github.com/networknt/netpol-merge/issues", e.reason)
}

// Unwrap returns the check that failed.
func (e *InternalError) Unwrap() error { return e.reason }

func internalError(format string, args ...any) error {
	return &InternalError{reason: fmt.Errorf(format, args...)}
}
