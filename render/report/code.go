package report

// Code is a kind of problem. It begins with E for a reason to refuse the input and with
// W for a warning; docs/messages.md has a paragraph on each.
type Code string

// The codes.
const (
	UnreadableDocument Code = "E01"
	NoTarget           Code = "E02"
	SeveralTargets     Code = "E03"
	OtherPods          Code = "E04"
	NotInSchema        Code = "E05"
	RejectedByServer   Code = "E06"
	NotAPolicy         Code = "E07"
	OverlayIsHook      Code = "E08"
	OverlayInInnerList Code = "E09"
	NotForOverlays     Code = "E10"
	BeyondCeiling      Code = "E11"
	WrongFile          Code = "E12"
	EmptyInput         Code = "E13"
	OverlayLeft        Code = "E14"
	NearlyOurs         Code = "E15"
	Unbound            Code = "E16"

	AddsNothing         Code = "W01"
	NotIsolatedYet      Code = "W02"
	Reopened            Code = "W03"
	StrayDash           Code = "W04"
	ServicePort         Code = "W06"
	ForgottenAnnotation Code = "W09"
)
