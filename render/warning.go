package render

import (
	"fmt"
	"strings"
	"sync"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/networknt/netpol-merge/merge"
)

// warn says what is worth a second look in the merge of a target: nothing of it
// is wrong, but it is hardly what somebody meant.
func (r *run) warn(t *target) {
	adds := map[int]bool{}
	for _, change := range t.changes {
		adds[change.Overlay] = adds[change.Overlay] || change.Action != merge.Covered
	}
	allowedBefore := sync.OnceValue(func() *merge.Allowance { return merge.NewAllowance(t.policy) })
	for i, o := range t.overlays {
		if !adds[i] {
			r.warnAddsNothing(t, o, allowedBefore)
		}
		r.warnStrayDashes(o.object, o.policy)
	}
	r.warnStrayDashes(t.object, t.policy)
	r.warnNotIsolated(t)
	for _, reopening := range merge.Reopenings(t.policy, t.folded, t.changes) {
		r.warnReopened(t, reopening)
	}
	if r.size <= mostSearched {
		r.warnSelectsNoPods(t)
		r.warnServicePorts(t)
	}
}

func (r *run) addWarning(o *object, code Code, path, reason, hint string) {
	r.warnings = append(r.warnings, o.problemAt(code, path, reason, hint))
}

func (r *run) warnAddsNothing(t *target, o *overlay, allowedBefore func() *merge.Allowance) {
	reason, hint := fmt.Sprintf("the overlay adds nothing: the target %q allows all of it already", t.name()), "remove the overlay, or add what it was meant to open"
	switch {
	case len(o.policy.Spec.Ingress)+len(o.policy.Spec.Egress) == 0:
		reason = "the overlay adds nothing: it has no rules"
	case len(allowedBefore().Beyond(o.policy)) > 0:
		reason = fmt.Sprintf("the overlay adds nothing: the target %q and other overlays allow all of it already", t.name())
		hint = "keep it if it is needed without the others, too; else let one overlay ask"
	}
	r.addWarning(o.object, addsNothing, "spec", reason, hint)
}

func (r *run) warnNotIsolated(t *target) {
	for i, change := range t.changes {
		first := i == 0 || t.changes[i-1].Overlay != change.Overlay || t.changes[i-1].Direction != change.Direction
		if change.Action != merge.NotIsolated || !first {
			continue
		}
		direction := merge.RulesKey(change.Direction)
		r.addWarning(t.overlays[change.Overlay].object, notIsolated, "spec."+direction,
			fmt.Sprintf("nothing is added: the target %q does not isolate %s, so everything is allowed there already", t.name(), direction),
			fmt.Sprintf("list %s in the policyTypes of the target if it should be isolated", change.Direction))
	}
}

func (r *run) warnReopened(t *target, reopening merge.Reopening) {
	change := t.changes[reopening.Change]
	var networks []string
	for _, network := range reopening.Networks {
		networks = append(networks, network.String())
	}
	reason := "opens " + strings.Join(networks, ", ")
	if reopening.More > 0 {
		reason += fmt.Sprintf(" and %d more", reopening.More)
	}
	if reopening.Metadata {
		reason += " (the cloud's instance metadata among them)"
	}
	var by []string
	for _, rule := range reopening.Rules {
		by = append(by, fmt.Sprintf("%s[%d]", merge.RulesKey(change.Direction), rule))
	}
	r.addWarning(t.overlays[change.Overlay].object, reopened, rulePath(change.Direction, change.Rule).String(),
		fmt.Sprintf("%s, which %s of the merged policy excepts", reason, strings.Join(by, ", ")),
		"name the destinations, or except the same networks")
}

func (r *run) warnStrayDashes(o *object, policy *networkingv1.NetworkPolicy) {
	for _, direction := range merge.Directions() {
		to := merge.PeersKey(direction)
		for _, i := range merge.StrayDashes(policy, direction) {
			second, secondHas, firstHas := "ports", "ports", "peers"
			if len(merge.Rules(policy, direction)[i].Ports) > 0 {
				second, secondHas, firstHas = to, "peers", "ports"
			}
			r.addWarning(o, strayDash, rulePath(direction, i+1).String(),
				fmt.Sprintf("this rule has only %s, and the one above only %s: all ports %s these peers are open, and these ports %s any peer", secondHas, firstHas, to, to),
				fmt.Sprintf("if they are one rule, take the '-' in front of %s away", second))
		}
	}
}

// ownDomain is in front of the names of all our annotations.
const ownDomain = "netpol-merge.networknt.com/"

// warnMismarked warns of a policy that is marked nearly like an overlay: it would
// go to the cluster, where without a podSelector it is for all pods.
func (r *run) warnMismarked(o *object) {
	if o.kind() == "NetworkPolicy" {
		r.warnOfOwnKeys(o, o.value, nil)
	}
}

// warnOfOwnKeys warns of all keys in a value that have our domain but mean nothing.
func (r *run) warnOfOwnKeys(o *object, value any, path *field.Path) {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			at := childOrKey(path, key)
			if strings.HasPrefix(key, ownDomain) && at.String() != "metadata.annotations["+merge.MergedFromAnnotation+"]" {
				r.addWarning(o, mismarked, at.String(),
					"this marks no overlay: the policy goes to the cluster as one of its own",
					"an overlay has the annotation "+merge.IntoAnnotation+" in metadata.annotations")
			}
			r.warnOfOwnKeys(o, inner, at)
		}
	case []any:
		for i, item := range value {
			r.warnOfOwnKeys(o, item, path.Index(i))
		}
	}
}

func rulePath(direction networkingv1.PolicyType, rule int) *field.Path {
	return field.NewPath("spec", merge.RulesKey(direction)).Index(rule)
}

func portPath(direction networkingv1.PolicyType, rule, port int) *field.Path {
	return rulePath(direction, rule).Child("ports").Index(port)
}
