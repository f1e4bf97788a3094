package merge

import (
	"net/netip"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
)

// Reopening is what a change opens although a rule excepts it.
type Reopening struct {
	// Change is an index into the changes, Rules are indices of the folded rules
	// in the change's direction that except the Networks, at most ten of each.
	Change   int
	Rules    []int
	Networks []netip.Prefix
	// More is how many other networks there are.
	More int
	// Metadata reports whether the networks hold an address at which clouds hand out
	// credentials to whoever asks.
	Metadata bool
}

// Reopenings returns which changes of a fold open addresses that another rule of the
// folded policy keeps out by except, for whatever ports. Who names a network within an
// exception means it: that counts only if it holds a metadata address, as does all that
// opens more. What the target allowed for the same ports before is not opened. Rules that
// other overlays added are ignored.
func Reopenings(target, folded *networkingv1.NetworkPolicy, changes []Change) (reopenings []Reopening) {
	for _, direction := range Directions() {
		e := newExceptions(Rules(target, direction), Rules(folded, direction))
		for i, change := range changes {
			if len(e.all) == 0 || change.Direction != direction || change.Action != PortsAdded && change.Action != RuleAppended {
				continue
			}
			if reopening := e.openedBy(change); reopening != nil {
				reopening.Change = i
				reopenings = append(reopenings, *reopening)
			}
		}
	}
	return reopenings
}

// exceptions are what the rules of a direction except, rule by rule and in all.
type exceptions struct {
	before *ruleSet // the target's own rules
	rules  []Rule
	byRule []spans
	all    spans
}

func newExceptions(before, rules []Rule) *exceptions {
	e := &exceptions{rules: rules}
	for _, rule := range rules {
		e.byRule = append(e.byRule, exceptedBy(rule))
	}
	if e.all = spansOf(slices.Concat(e.byRule...)); len(e.all) > 0 {
		e.before = newRuleSet(before)
	}
	return e
}

// openedBy is what a change reopens, nil if that is nothing. What cannot be found out in
// time is nothing: this is advice.
func (e *exceptions) openedBy(change Change) *Reopening {
	var opened spans
	peers, _ := peersOf(e.rules[change.Into].Peers)
	for _, p := range peers {
		addresses := p.allowed(whom)
		if !e.all.covers(addresses...) || addresses.overlaps(metadataAddresses()...) {
			opened = append(opened, addresses...)
		}
	}
	if !e.before.spend(len(e.all) + len(e.rules)) {
		return nil
	}
	opened = e.newlyOpened(spansOf(opened).intersect(e.all), change.Added.Ports)
	if len(opened) == 0 {
		return nil
	}
	networks := prefixesOf(opened)
	reopening := &Reopening{More: max(0, len(networks)-mostNamed), Metadata: opened.overlaps(metadataAddresses()...)}
	reopening.Networks = networks[:len(networks)-reopening.More]
	for i, excepted := range e.byRule {
		if len(reopening.Rules) < mostNamed && excepted.overlaps(opened...) {
			reopening.Rules = append(reopening.Rules, i)
		}
	}
	return reopening
}

// newlyOpened is what the rules that stood before do not allow of addresses, for any of
// the ports; nothing if there are no steps left to find out.
func (e *exceptions) newlyOpened(addresses spans, ports []networkingv1.NetworkPolicyPort) spans {
	p := addressesOf(addresses)
	boxes, found := e.before.ask(standing([]peer{p}, p.key, requestsOf(ports))).beyondAll()
	if !found {
		return nil
	}
	var opened []span
	for _, b := range boxes {
		opened = append(opened, b.some.allowed(whom)...)
	}
	return spansOf(opened)
}

// metadataAddresses are where the instance metadata of clouds is.
func metadataAddresses() spans {
	return networks(netip.MustParsePrefix("169.254.169.254/32"), netip.MustParsePrefix("fd00:ec2::254/128"))
}

// exceptedBy is what a rule's exceptions keep out of it. What another peer of the
// rule lets in again does not count.
func exceptedBy(rule Rule) spans {
	var excepted, allowed []span
	for _, peer := range rule.Peers {
		if peer.IPBlock != nil {
			excepted = append(excepted, exceptionsOf(peer.IPBlock)...)
			allowed = append(allowed, blockOf(peer.IPBlock).allowed(whom)...)
		}
	}
	return spansOf(excepted).minus(spansOf(allowed))
}

// StrayDashes returns the indices of rules of which one has only peers and the next
// only ports, or the other way round. In YAML a "-" too many makes two such rules of
// one: all ports to these peers, and these ports to any peer.
func StrayDashes(policy *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) (found []int) {
	rules := Rules(policy, direction)
	onlyPeers := func(r Rule) bool { return len(r.Peers) > 0 && len(r.Ports) == 0 }
	onlyPorts := func(r Rule) bool { return len(r.Peers) == 0 && len(r.Ports) > 0 }
	for i := 0; i+1 < len(rules); i++ {
		a, b := rules[i], rules[i+1]
		if onlyPeers(a) && onlyPorts(b) || onlyPorts(a) && onlyPeers(b) {
			found = append(found, i)
			i++ // a rule is half of one other
		}
	}
	return found
}
