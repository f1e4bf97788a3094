package merge

import (
	"cmp"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/sets"
)

// traffic is one entry of a rule's ports as a set. In NetworkPolicy "all" is
// not the sum of its parts: all traffic includes what has no ports at all, and
// all ports of a protocol include those that only have a name.
type traffic struct {
	protocol corev1.Protocol // "" is all traffic
	name     string          // of a container port; "" if numbered or all
	numbers  span[number]    // zero if named or all
}

// noProtocol is that of a port whose protocol is "", which the API server refuses.
const noProtocol corev1.Protocol = "none"

// number is a port number, from 1 to 65535.
type number int32

func (n number) Compare(other number) int { return cmp.Compare(n, other) }

// Next and Prev make numbers points of spans.
func (n number) Next() number { return n + 1 }

// Prev is the number below.
func (n number) Prev() number { return n - 1 }

func trafficOf(port networkingv1.NetworkPolicyPort) traffic {
	t := traffic{protocol: protocolOf(port)}
	if t.protocol == "" {
		t.protocol = noProtocol
	}
	switch {
	case port.Port == nil:
	case port.Port.Type == intstr.String:
		t.name = port.Port.StrVal
	default:
		t.numbers = span[number]{first: number(port.Port.IntVal), last: number(port.Port.IntVal)}
		if port.EndPort != nil {
			t.numbers.last = number(*port.EndPort)
		}
	}
	return t
}

// entries returns the ports of a rule as sets; none if the rule is for all traffic.
func entries(ports []networkingv1.NetworkPolicyPort) []traffic {
	list := make([]traffic, len(ports))
	for i, port := range ports {
		list[i] = trafficOf(port)
	}
	return list
}

// portsOf is the opposite of entries. Every port names its protocol.
func portsOf(list []traffic) (ports []networkingv1.NetworkPolicyPort) {
	for _, t := range list {
		if t.protocol == "" {
			return nil
		}
		port := networkingv1.NetworkPolicyPort{Protocol: &t.protocol}
		switch {
		case t.name != "":
			port.Port = new(intstr.FromString(t.name))
		case t.isNumbered():
			port.Port = new(intstr.FromInt32(int32(t.numbers.first)))
			if t.numbers.last > t.numbers.first {
				port.EndPort = new(int32(t.numbers.last))
			}
		}
		ports = append(ports, port)
	}
	return ports
}

// covers and overlaps compare two entries, as portSet compares many.
func (t traffic) covers(other traffic) bool {
	if t.protocol == "" || t.protocol != other.protocol || t == other {
		return t.protocol == "" || t == other
	}
	if t.isNumbered() {
		return other.isNumbered() && t.numbers.first <= other.numbers.first && other.numbers.last <= t.numbers.last
	}
	return t.name == ""
}

func (t traffic) overlaps(other traffic) bool {
	numbered := t.protocol == other.protocol && t.isNumbered() && other.isNumbered()
	return t.covers(other) || other.covers(t) || numbered && t.numbers.first <= other.numbers.last && other.numbers.first <= t.numbers.last
}

func (t traffic) isNumbered() bool { return t.numbers != span[number]{} }

// level is how much an entry holds: 0 for all traffic, 1 for all of a protocol.
func (t traffic) level() int {
	switch {
	case t.protocol == "":
		return 0
	case t.name == "" && !t.isNumbered():
		return 1
	}
	return 2
}

// allOf is traffic with the numbers from 1 to 65535, and nothing that is named.
func allOf(protocol corev1.Protocol) traffic {
	return traffic{protocol: protocol, numbers: span[number]{1, 65535}}
}

// coversAll reports whether all numbers of a protocol are in the set.
func (s *portSet) coversAll(protocol corev1.Protocol) bool { return s.covers(allOf(protocol)) }

// protocols are those that a port may have.
func protocols() []corev1.Protocol {
	return []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}
}

// portSet is the ports of a rule. A rule without ports allows all.
type portSet struct {
	all       bool
	protocols map[corev1.Protocol]*protocolPorts
}

type protocolPorts struct {
	all     bool
	names   sets.Set[string]
	numbers spans[number]
}

func newPortSet(list []traffic) *portSet {
	s := &portSet{all: len(list) == 0, protocols: map[corev1.Protocol]*protocolPorts{}}
	numbers := map[corev1.Protocol][]span[number]{}
	for _, t := range list {
		switch {
		case t.protocol == "":
			s.all = true
		case t.isNumbered():
			numbers[t.protocol] = append(numbers[t.protocol], t.numbers)
		default:
			s.add(t)
		}
	}
	for protocol, list := range numbers {
		s.of(protocol).numbers = spansOf(list)
	}
	return s
}

// entries returns the set as sorted entries that do not overlap.
func (s *portSet) entries() (list []traffic) {
	if s.all {
		return []traffic{{}}
	}
	for _, protocol := range slices.Sorted(maps.Keys(s.protocols)) {
		p := s.protocols[protocol]
		if p.all {
			list = append(list, traffic{protocol: protocol})
			continue
		}
		for _, name := range sets.List(p.names) {
			list = append(list, traffic{protocol: protocol, name: name})
		}
		for _, numbers := range p.numbers {
			list = append(list, traffic{protocol: protocol, numbers: numbers})
		}
	}
	return list
}

func (s *portSet) of(protocol corev1.Protocol) *protocolPorts {
	p := s.protocols[protocol]
	if p == nil {
		p = &protocolPorts{names: sets.Set[string]{}}
		s.protocols[protocol] = p
	}
	return p
}

func (s *portSet) add(t traffic) {
	p := s.of(t.protocol)
	switch {
	case t.name != "":
		p.names.Insert(t.name)
	case t.isNumbered():
		p.addNumbers(t.numbers)
	default:
		p.all = true
	}
}

// addNumbers joins a range with those that it overlaps or touches.
func (p *protocolPorts) addNumbers(r span[number]) {
	from := p.numbers.find(r.first - 1)
	to := from
	for to < len(p.numbers) && p.numbers[to].first <= r.last+1 {
		r.first = min(r.first, p.numbers[to].first)
		r.last = max(r.last, p.numbers[to].last)
		to++
	}
	p.numbers = slices.Replace(p.numbers, from, to, r)
}

// covers reports whether all of t is in the set. Names and numbers are never
// compared: only the pod knows which number a name stands for.
func (s *portSet) covers(t traffic) bool {
	if s.all || t.protocol == "" {
		return s.all
	}
	p := s.protocols[t.protocol]
	switch {
	case p == nil:
		return false
	case p.all:
		return true
	case t.name != "":
		return p.names.Has(t.name)
	}
	return t.isNumbered() && p.numbers.covers(spans[number]{t.numbers})
}

// overlapping returns the parts of t that are in the set: nothing, all of t,
// or, where t is a range of numbers, the ranges in common.
func (s *portSet) overlapping(t traffic) []traffic {
	if s.covers(t) {
		return []traffic{t}
	}
	p := s.protocols[t.protocol]
	if p == nil || !t.isNumbered() {
		return nil
	}
	var parts []traffic
	for _, r := range p.numbers[p.numbers.find(t.numbers.first):] {
		if r.first > t.numbers.last {
			break
		}
		part := t
		part.numbers = span[number]{max(r.first, t.numbers.first), min(r.last, t.numbers.last)}
		parts = append(parts, part)
	}
	return parts
}

// overlaps reports whether two sets of ports may have something in common.
func (s *portSet) overlaps(other *portSet) bool {
	if s.all || other.all {
		return true
	}
	for protocol, p := range s.protocols {
		o := other.protocols[protocol]
		if o != nil && (p.all || o.all || p.numbers.overlaps(o.numbers) || p.sharesName(o)) {
			return true
		}
	}
	return false
}

func (p *protocolPorts) sharesName(other *protocolPorts) bool {
	return len(p.names) > 0 && len(other.names) > 0 && p.names.Intersection(other.names).Len() > 0
}

// cutAtBorders cuts t where one of the parts begins or ends, so that each piece lies
// either inside or outside of every part.
func cutAtBorders(t traffic, parts []traffic) []traffic {
	if !t.isNumbered() {
		return []traffic{t}
	}
	starts := []number{t.numbers.first}
	for _, part := range parts {
		starts = append(starts, max(part.numbers.first, t.numbers.first))
		if part.numbers.last < t.numbers.last {
			starts = append(starts, part.numbers.last+1)
		}
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	pieces := make([]traffic, len(starts))
	for i, first := range starts {
		pieces[i] = t
		pieces[i].numbers.first = first
		if i+1 < len(starts) {
			pieces[i].numbers.last = starts[i+1] - 1
		}
	}
	return pieces
}
