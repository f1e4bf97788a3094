package merge

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// traffic is one entry of a rule's ports as a set. In NetworkPolicy "all" is
// not the sum of its parts: all traffic includes what has no ports at all, and
// all ports of a protocol include those that only have a name.
type traffic struct {
	protocol corev1.Protocol // "" is all traffic
	name     string          // of a container port; "" if numbered or all
	numbers  portRange       // zero if named or all
}

// portRange is the port numbers first to last, both included. The zero value
// is no range, as 0 is no port.
type portRange struct{ first, last int32 }

func trafficOf(port networkingv1.NetworkPolicyPort) traffic {
	t := traffic{protocol: protocolOf(port)}
	switch {
	case port.Port == nil:
	case port.Port.Type == intstr.String:
		t.name = port.Port.StrVal
	default:
		t.numbers = portRange{first: port.Port.IntVal, last: port.Port.IntVal}
		if port.EndPort != nil {
			t.numbers.last = *port.EndPort
		}
	}
	return t
}

// PortsCover tells whether a rule's ports, none being all, allow all of a port.
func PortsCover(ports []networkingv1.NetworkPolicyPort, port networkingv1.NetworkPolicyPort) bool {
	return newPortSet(ports).covers(trafficOf(port))
}

// PortsOverlap tells whether a rule's ports allow some of a port.
func PortsOverlap(ports []networkingv1.NetworkPolicyPort, port networkingv1.NetworkPolicyPort) bool {
	return len(newPortSet(ports).overlapping(trafficOf(port))) > 0
}

// portSet is the ports of a rule; newPortSet makes it. It is never empty, as a rule
// without ports allows all.
type portSet struct {
	all       bool
	protocols map[corev1.Protocol]*protocolPorts
}

type protocolPorts struct {
	all    bool
	names  map[string]bool
	ranges []portRange // sorted; neither overlapping nor adjacent
}

func newPortSet(ports []networkingv1.NetworkPolicyPort) *portSet {
	s := &portSet{all: len(ports) == 0, protocols: map[corev1.Protocol]*protocolPorts{}}
	for _, port := range ports {
		s.add(trafficOf(port))
	}
	return s
}

func (s *portSet) add(t traffic) {
	p := s.protocols[t.protocol]
	if p == nil {
		p = &protocolPorts{names: map[string]bool{}}
		s.protocols[t.protocol] = p
	}
	switch {
	case t.name != "":
		p.names[t.name] = true
	case t.numbers != portRange{}:
		p.addRange(t.numbers)
	default:
		p.all = true
	}
}

// addRange joins r with the ranges that it overlaps or touches.
func (p *protocolPorts) addRange(r portRange) {
	from := firstReaching(p.ranges, r.first-1)
	to := from
	for to < len(p.ranges) && p.ranges[to].first <= r.last+1 {
		r.first = min(r.first, p.ranges[to].first)
		r.last = max(r.last, p.ranges[to].last)
		to++
	}
	p.ranges = slices.Replace(p.ranges, from, to, r)
}

// firstReaching is the index of the first range that ends at port or later.
func firstReaching(ranges []portRange, port int32) int {
	i, _ := slices.BinarySearchFunc(ranges, port, func(r portRange, port int32) int {
		return cmp.Compare(r.last, port)
	})
	return i
}

// covers tells whether all of t is in the set. Names and numbers are never
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
		return p.names[t.name]
	case t.numbers != portRange{}:
		i := firstReaching(p.ranges, t.numbers.first)
		return i < len(p.ranges) && p.ranges[i].first <= t.numbers.first && p.ranges[i].last >= t.numbers.last
	}
	return false
}

// overlapping returns the parts of t that are in the set: nothing, all of t,
// or, where t is a range of numbers, the ranges in common.
func (s *portSet) overlapping(t traffic) []traffic {
	if s.covers(t) {
		return []traffic{t}
	}
	p := s.protocols[t.protocol]
	if p == nil || t.numbers == (portRange{}) {
		return nil
	}
	var parts []traffic
	for _, r := range p.ranges[firstReaching(p.ranges, t.numbers.first):] {
		if r.first > t.numbers.last {
			break
		}
		common := portRange{first: max(r.first, t.numbers.first), last: min(r.last, t.numbers.last)}
		parts = append(parts, traffic{protocol: t.protocol, numbers: common})
	}
	return parts
}

func (s *portSet) overlapAny(requests []request) bool {
	return slices.ContainsFunc(requests, func(r request) bool { return s.overlapping(r.traffic) != nil })
}

// split cuts t where one of the parts begins or ends, so that each piece lies
// either inside or outside of every part.
func split(t traffic, parts []traffic) []traffic {
	if t.numbers == (portRange{}) {
		return []traffic{t}
	}
	starts := []int32{t.numbers.first}
	for _, part := range parts {
		starts = append(starts, part.numbers.first)
		if part.numbers.last < t.numbers.last {
			starts = append(starts, part.numbers.last+1)
		}
	}
	slices.Sort(starts)
	starts = slices.Compact(starts)
	pieces := make([]traffic, len(starts))
	for i, first := range starts {
		last := t.numbers.last
		if i+1 < len(starts) {
			last = starts[i+1] - 1
		}
		pieces[i] = traffic{protocol: t.protocol, numbers: portRange{first: first, last: last}}
	}
	return pieces
}
