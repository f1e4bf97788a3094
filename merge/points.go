package merge

import (
	"net/netip"
	"strconv"
	"strings"

	"go4.org/netipx"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// This file lays ports, addresses and values of labels on lines, each on one of its own,
// and reads them back. A line begins with the point "", which stands for what has no
// name there: traffic without ports, such as ICMP; somebody who is no known address and
// no pod; a label that is absent.

// Traffic. In NetworkPolicy "all" is not the sum of its parts: all ports of a protocol
// hold all names, too, and what only the pod knows. So on the line stand for each
// protocol the point of what is neither numbered nor named, the numbers, and the names.
const (
	ofProtocol = "\x00" // behind the protocol's name
	pastIt     = "\x01"
	numbered   = "#"
	named      = "="
)

func allOf(protocol corev1.Protocol) span {
	return span{string(protocol) + ofProtocol, string(protocol) + pastIt}
}

// allNumbers is every port that has a number, and none that has a name.
func allNumbers(protocol corev1.Protocol) span {
	return span{numberPoint(protocol, 1), numberPoint(protocol, 1<<16)}
}

// numberPoint has all digits that a number can have, so that points are in the order of
// numbers.
func numberPoint(protocol corev1.Protocol, number uint32) string {
	digits := strconv.FormatUint(uint64(number), 10)
	return string(protocol) + ofProtocol + numbered + strings.Repeat("0", mostDigits-len(digits)) + digits
}

const mostDigits = 10

// only is the span of a single point.
func only(point string) span {
	next := point + "\x00"
	return span{next[:len(point)], next}
}

func trafficOf(port networkingv1.NetworkPolicyPort) span {
	protocol := ProtocolOf(port)
	switch {
	case port.Port == nil:
		return allOf(protocol)
	case port.Port.Type == intstr.String:
		return only(string(protocol) + ofProtocol + named + port.Port.StrVal)
	}
	last := port.Port.IntVal
	if port.EndPort != nil {
		last = *port.EndPort
	}
	return span{numberPoint(protocol, uint32(port.Port.IntVal)), numberPoint(protocol, uint32(last)+1)}
}

// requestsOf returns the ports of a rule, of which a rule without ports has one: all.
func requestsOf(ports []networkingv1.NetworkPolicyPort) []span {
	if len(ports) == 0 {
		return everything()
	}
	list := make([]span, len(ports))
	for i, port := range ports {
		list[i] = trafficOf(port)
	}
	return list
}

// tellable returns the set with all that cannot be told without more: a part of all
// traffic, or of all ports of a protocol, is told as the whole.
func tellable(traffic spans) spans {
	if traffic.has("") {
		return everything()
	}
	list := []span(traffic)
	for _, s := range traffic {
		if protocol, part, _ := strings.Cut(s.from, ofProtocol); part == "" {
			list = append(list, allOf(corev1.Protocol(protocol)))
		}
	}
	return spansOf(list)
}

// portsOf returns tellable traffic as ports, each with its protocol; none are all.
func portsOf(traffic spans) (ports []networkingv1.NetworkPolicyPort) {
	if traffic.has("") {
		return nil
	}
	for _, s := range traffic {
		protocol, part, _ := strings.Cut(s.from, ofProtocol)
		port := networkingv1.NetworkPolicyPort{Protocol: new(corev1.Protocol(protocol))}
		if name, isNamed := strings.CutPrefix(part, named); isNamed {
			port.Port = new(intstr.FromString(name))
		} else if part != "" {
			first, last := numberAt(s.from), numberAt(s.to)-1
			port.Port = new(intstr.FromInt32(first))
			if last > first {
				port.EndPort = new(last)
			}
		}
		ports = append(ports, port)
	}
	return ports
}

func numberAt(point string) int32 {
	number, _ := strconv.ParseUint(point[len(point)-mostDigits:], 10, 32)
	return int32(number)
}

// Whom a peer is for: addresses of both families, and pods. An address may belong to
// a pod, but nobody knows to which, so that they have nothing in common.
const (
	ipv4 = "4" // the address follows
	ipv6 = "6"
	pod  = "8"
)

// allThat returns all addresses of a family, or all pods.
func allThat(are string) span { return span{are, string(rune(are[0] + 1))} }

func networks(prefixes ...netip.Prefix) spans {
	list := make([]span, len(prefixes))
	for i, prefix := range prefixes {
		r := netipx.RangeOfPrefix(prefix)
		family := ipv6
		if r.From().Is4() {
			family = ipv4
		}
		list[i] = span{family + string(r.From().AsSlice()), allThat(family).to}
		if next := r.To().Next(); next.IsValid() {
			list[i].to = family + string(next.AsSlice())
		}
	}
	return spansOf(list)
}

// prefixesOf is the opposite of networks.
func prefixesOf(addresses spans) (prefixes []netip.Prefix) {
	for _, s := range addresses {
		prefixes = rangeOf(s).AppendPrefixes(prefixes)
	}
	return prefixes
}

func rangeOf(s span) netipx.IPRange {
	first, _ := netip.AddrFromSlice([]byte(s.from[1:]))
	if len(s.to) == 1 {
		return netipx.IPRangeFrom(first, netipx.PrefixLastIP(netip.PrefixFrom(first, 0)))
	}
	next, _ := netip.AddrFromSlice([]byte(s.to[1:]))
	return netipx.IPRangeFrom(first, next.Prev())
}

// exists is every value that a label may have.
func exists() spans { return spans{{named, lineEnd}} }

func valuesOf(values []string) spans {
	list := make([]span, len(values))
	for i, value := range values {
		list[i] = only(named + value)
	}
	return spansOf(list)
}

// requireValues adds what a label has to be to a selector, in the shortest form.
func requireValues(s *metav1.LabelSelector, label string, values spans) {
	add := func(operator metav1.LabelSelectorOperator, list spans) {
		r := metav1.LabelSelectorRequirement{Key: label, Operator: operator}
		for _, one := range list {
			r.Values = append(r.Values, one.from[len(named):])
		}
		s.MatchExpressions = append(s.MatchExpressions, r)
	}
	absent, excluded := values.has(""), exists().minus(values)
	switch {
	case values[len(values)-1].to == lineEnd:
		if !absent {
			add(metav1.LabelSelectorOpExists, nil)
		}
		if len(excluded) > 0 {
			add(metav1.LabelSelectorOpNotIn, excluded)
		}
	case absent:
		add(metav1.LabelSelectorOpDoesNotExist, nil)
	case len(values) == 1:
		metav1.AddLabelToSelector(s, label, values[0].from[len(named):])
	default:
		add(metav1.LabelSelectorOpIn, values)
	}
}
