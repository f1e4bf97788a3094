package mergetest

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Party is who is on the other side: a pod, an address that is no pod's, or,
// for the zero value, somebody whom no peer describes.
type Party struct {
	IsPod, OwnNamespace bool
	Namespace, Pod      labels.Set
	Address             netip.Addr

	namespace, pod int // indices of the label sets in the world
}

// Flow is what is sent. A named port is a flow of its own: which number it has,
// only the pod knows. The flow without protocol stands for all that has no
// ports, such as ICMP.
type Flow struct {
	Protocol corev1.Protocol
	Number   int32
	Name     string
}

// World is all that the judge tries.
type World struct {
	Parties []Party
	Flows   []Flow

	namespaces, pods []labels.Set
}

// NewWorld returns a world with all that generated policies can tell apart.
func NewWorld() *World {
	w := &World{Flows: []Flow{{}}}
	for _, protocol := range []corev1.Protocol{"TCP", "UDP", "SCTP"} {
		for _, number := range []int32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 65534, 65535} {
			w.Flows = append(w.Flows, Flow{Protocol: protocol, Number: number})
		}
		for _, name := range []string{"http", "dns", "other"} {
			w.Flows = append(w.Flows, Flow{Protocol: protocol, Name: name})
		}
	}
	w.namespaces = everySet(namespaceLabels)
	w.pods = everySet(podLabels)
	for i, namespace := range w.namespaces {
		for j, pod := range w.pods {
			for _, own := range []bool{true, false} {
				w.Parties = append(w.Parties, Party{IsPod: true, OwnNamespace: own, Namespace: namespace, Pod: pod, namespace: i, pod: j})
			}
		}
	}
	for _, address := range addresses() {
		w.Parties = append(w.Parties, Party{Address: address})
	}
	w.Parties = append(w.Parties, Party{})
	return w
}

// everySet returns all sets of two labels, each of which is absent, has one of
// the values that are generated, or another one.
func everySet(generated labelling) (sets []labels.Set) {
	values := append([]string{"", "other"}, generated.values...)
	for _, first := range values {
		for _, second := range values {
			set := labels.Set{}
			for i, value := range []string{first, second} {
				if value != "" {
					set[generated.keys[i]] = value
				}
			}
			sets = append(sets, set)
		}
	}
	return sets
}

// addresses are the first and last address of every network that is generated,
// and their neighbours outside.
func addresses() []netip.Addr {
	seen := map[netip.Addr]bool{}
	var all []netip.Addr
	add := func(address netip.Addr) {
		if address.IsValid() && !seen[address] {
			seen[address] = true
			all = append(all, address)
		}
	}
	for _, text := range networks {
		prefix := netip.MustParsePrefix(text)
		first, last := prefix.Addr(), lastAddress(prefix)
		add(first)
		add(last)
		add(first.Prev())
		add(last.Next())
	}
	return all
}

func lastAddress(prefix netip.Prefix) netip.Addr {
	raw := prefix.Addr().AsSlice()
	for bit := prefix.Bits(); bit < len(raw)*8; bit++ {
		raw[bit/8] |= 1 << (7 - bit%8)
	}
	last, _ := netip.AddrFromSlice(raw)
	return last
}
