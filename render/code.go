package render

// Code is a kind of problem. It begins with E for a reason to refuse the input
// and with W for a warning; docs/messages.md has a paragraph on each.
type Code string

const (
	unreadableDocument Code = "E01"
	noTarget           Code = "E02"
	severalTargets     Code = "E03"
	otherPods          Code = "E04"
	notInSchema        Code = "E05"
	rejectedByServer   Code = "E06"
	notAPolicy         Code = "E07"
	overlayIsHook      Code = "E08"
	overlayInInnerList Code = "E09"
	notForOverlays     Code = "E10"
	beyondCeiling      Code = "E11"
	wrongFile          Code = "E12"
	emptyInput         Code = "E13"
	overlayLeft        Code = "E14"

	addsNothing   Code = "W01"
	notIsolated   Code = "W02"
	reopened      Code = "W03"
	strayDash     Code = "W04"
	selectsNoPods Code = "W05"
	servicePort   Code = "W06"
	noDNS         Code = "W07"
	mismarked     Code = "W08"
)
