package render

import (
	"encoding/json"
	"strconv"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/edit"
	"github.com/networknt/netpol-merge/render/internal/node"
	"github.com/networknt/netpol-merge/render/internal/plan"
)

// editsOf are the changes of a target's text: what its overlays add, and the annotation.
func editsOf(t *plan.Target) (edits []edit.Edit, err error) {
	for _, direction := range merge.Directions() {
		before := len(merge.Rules(t.Policy, direction))
		added, err := addedTo(t, direction, before)
		if err != nil {
			return nil, err
		}
		for rule, nodes := range added {
			path := t.Path("spec", merge.RulesKey(direction))
			if rule < before {
				path = append(path, rule, "ports")
			}
			if len(nodes) > 0 {
				edits = append(edits, edit.Edit{Path: path, Append: nodes})
			}
		}
	}
	value := t.Folded.Annotations[merge.MergedFromAnnotation]
	return append(edits, edit.Edit{Path: t.Path("metadata", "annotations"), Key: merge.MergedFromAnnotation, Value: value}), nil
}

// addedTo are the ports that are added to each of the rules that stood before, and then
// the rules that are appended. Ports added to one of those become part of it.
func addedTo(t *plan.Target, direction networkingv1.PolicyType, before int) ([][]*yaml.Node, error) {
	added := make([][]*yaml.Node, before+1)
	for _, change := range t.Changes {
		if change.Direction != direction || len(change.Added.Peers)+len(change.Added.Ports) == 0 {
			continue
		}
		nodes, err := nodesOf(change, "# from "+t.Overlays[change.Overlay].Name())
		if err != nil {
			return nil, err
		}
		if change.Action == merge.PortsAdded && change.Into >= before {
			_, ports := node.Entry(added[before][change.Into-before], "ports")
			ports.Content = append(ports.Content, nodes...)
			continue
		}
		into := min(change.Into, before)
		added[into] = append(added[into], nodes...)
	}
	return added, nil
}

// nodesOf are the ports, or the rule, that a change adds.
func nodesOf(change merge.Change, comment string) ([]*yaml.Node, error) {
	if change.Action == merge.PortsAdded {
		return portNodes(change.Added.Ports, comment), nil
	}
	rule := &yaml.Node{Kind: yaml.MappingNode}
	if len(change.Added.Peers) > 0 {
		peers, err := nodeOf(change.Added.Peers)
		if err != nil {
			return nil, err
		}
		rule.Content = append(rule.Content, plain(merge.PeersKey(change.Direction)), peers)
	}
	if len(change.Added.Ports) > 0 {
		ports := &yaml.Node{Kind: yaml.SequenceNode, Content: portNodes(change.Added.Ports, "")}
		rule.Content = append(rule.Content, plain("ports"), ports)
	}
	rule.Content[0].LineComment = comment
	return []*yaml.Node{rule}, nil
}

// portNodes are ports as a person would write them: the protocol first, with the comment.
// The ports share the nodes of keys and protocols, as there may be many.
func portNodes(ports []networkingv1.NetworkPolicyPort, comment string) []*yaml.Node {
	protocolKey, portKey, endPortKey := plain("protocol"), plain("port"), plain("endPort")
	protocols := map[corev1.Protocol]*yaml.Node{}
	nodes := make([]*yaml.Node, len(ports))
	for i, port := range ports {
		protocol := protocols[*port.Protocol]
		if protocol == nil {
			protocol = plain(string(*port.Protocol))
			protocol.LineComment = comment
			protocols[*port.Protocol] = protocol
		}
		entry := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{protocolKey, protocol}}
		if port.Port != nil {
			value := plain(port.Port.String())
			if port.Port.Type == intstr.String {
				value = edit.Scalar(port.Port.StrVal)
			}
			entry.Content = append(entry.Content, portKey, value)
		}
		if port.EndPort != nil {
			entry.Content = append(entry.Content, endPortKey, plain(strconv.Itoa(int(*port.EndPort))))
		}
		nodes[i] = entry
	}
	return nodes
}

// plain is a scalar that needs no quotes.
func plain(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Value: value}
}

// nodeOf is a list of peers in block style, their fields in the order of the API.
func nodeOf(peers []networkingv1.NetworkPolicyPeer) (*yaml.Node, error) {
	text, err := json.Marshal(peers)
	if err != nil {
		return nil, err
	}
	n, err := node.OfJSON(text, 1, 0)
	if err == nil {
		inPlainStyle(n)
	}
	return n, err
}

// inPlainStyle takes away what JSON looks like: flow style, and quotes that no version of
// YAML needs.
func inPlainStyle(n *yaml.Node) {
	if n.ShortTag() == "!!str" {
		edit.SetScalar(n, n.Value)
		return
	}
	n.Style = 0
	for _, child := range n.Content {
		inPlainStyle(child)
	}
}
