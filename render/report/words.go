package report

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/networknt/netpol-merge/merge"
)

// PortsInWords says which ports a rule is for: "TCP 5432, 9092-9094 and UDP 53".
func PortsInWords(ports []networkingv1.NetworkPolicyPort) string {
	if len(ports) == 0 {
		return "all ports"
	}
	var protocols []corev1.Protocol
	numbers := map[corev1.Protocol][]string{}
	for _, port := range ports {
		protocol := merge.ProtocolOf(port)
		if !slices.Contains(protocols, protocol) {
			protocols = append(protocols, protocol)
		}
		numbers[protocol] = append(numbers[protocol], portInWords(port))
	}
	var words []string
	for _, protocol := range protocols {
		words = append(words, string(protocol)+" "+strings.Join(numbers[protocol], ", "))
	}
	return strings.Join(words, " and ")
}

func portInWords(port networkingv1.NetworkPolicyPort) string {
	switch {
	case port.Port == nil:
		return "all ports"
	case port.EndPort != nil && *port.EndPort != port.Port.IntVal:
		return fmt.Sprintf("%s-%d", port.Port, *port.EndPort)
	}
	return port.Port.String()
}

// PeersInWords says whom a rule is for.
func PeersInWords(peers []networkingv1.NetworkPolicyPeer, direction networkingv1.PolicyType) string {
	if len(peers) == 0 {
		if direction == networkingv1.PolicyTypeIngress {
			return "any source"
		}
		return "any destination"
	}
	var words []string
	for _, peer := range peers {
		words = append(words, peerInWords(peer))
	}
	return strings.Join(words, ", or ")
}

func peerInWords(peer networkingv1.NetworkPolicyPeer) string {
	if peer.IPBlock != nil {
		words := peer.IPBlock.CIDR
		if len(peer.IPBlock.Except) > 0 {
			words += " except " + strings.Join(peer.IPBlock.Except, " and ")
		}
		return words
	}
	pods := PodsInWords(peer.PodSelector)
	switch {
	case peer.NamespaceSelector == nil:
		return pods + " in the same namespace"
	case isEmptySelector(peer.NamespaceSelector):
		return pods + " in every namespace"
	}
	return pods + " in namespaces " + metav1.FormatLabelSelector(peer.NamespaceSelector)
}

// PodsInWords says which pods a selector selects; nil selects all.
func PodsInWords(selector *metav1.LabelSelector) string {
	if isEmptySelector(selector) {
		return "all pods"
	}
	return "pods " + metav1.FormatLabelSelector(selector)
}

func isEmptySelector(selector *metav1.LabelSelector) bool {
	return selector == nil || len(selector.MatchLabels)+len(selector.MatchExpressions) == 0
}

// mostWords is how many of a list, such as peers, ports and rules, a person reads.
const mostWords = 10

// RuleInWords says what a rule allows, as far as a person reads on: "TCP 443 to any
// destination".
func RuleInWords(rule merge.Rule, direction networkingv1.PolicyType) string {
	ports := rule.Ports[:min(len(rule.Ports), mostWords)]
	words := PortsInWords(ports)
	if more := len(rule.Ports) - len(ports); more > 0 {
		words += fmt.Sprintf(" and %d more", more)
	}
	return words + toPeers(rule.Peers, direction)
}

// toPeers is the part of RuleInWords that names the peers.
func toPeers(peers []networkingv1.NetworkPolicyPeer, direction networkingv1.PolicyType) string {
	some := slices.Clone(peers[:min(len(peers), mostWords)])
	for i, peer := range some {
		if peer.IPBlock != nil && len(peer.IPBlock.Except) > mostWords {
			more := fmt.Sprintf("%d more", len(peer.IPBlock.Except)-mostWords)
			some[i].IPBlock = &networkingv1.IPBlock{CIDR: peer.IPBlock.CIDR, Except: append(slices.Clone(peer.IPBlock.Except[:mostWords]), more)}
		}
	}
	words := " " + merge.PeersKey(direction) + " " + PeersInWords(some, direction)
	if more := len(peers) - len(some); more > 0 {
		words += fmt.Sprintf(", or %d more", more)
	}
	return start(words)
}

// RulesInWords says what the rules of policies in a direction allow, as far as a person
// reads on.
func RulesInWords(policies []*networkingv1.NetworkPolicy, direction networkingv1.PolicyType) string {
	var words []string
	for _, policy := range policies {
		for _, rule := range merge.Rules(policy, direction) {
			said := RuleInWords(rule, direction)
			switch {
			case slices.Contains(words, said):
			case len(words) == mostWords:
				return strings.Join(words, "; ") + "; and more"
			default:
				words = append(words, said)
			}
		}
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, "; ")
}
