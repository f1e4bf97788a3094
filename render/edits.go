package render

import (
	"encoding/json"
	"strconv"

	"go.yaml.in/yaml/v3"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/edit"
	"github.com/networknt/netpol-merge/render/internal/node"
	"github.com/networknt/netpol-merge/render/internal/plan"
)

// editsOf are the changes of a target's text: what its overlays add, and the annotation.
// Ports added to a rule that was itself appended become part of that rule.
func editsOf(t *plan.Target) ([]edit.Edit, error) {
	peers, err := addedPeers(t.Changes)
	if err != nil {
		return nil, err
	}
	var edits []edit.Edit
	for _, direction := range merge.Directions() {
		before := len(merge.Rules(t.Policy, direction))
		added := make([][]*yaml.Node, before+1) // ports of each rule that stands, and the rules that are appended
		for i, change := range t.Changes {
			if change.Direction != direction || len(change.Added.Peers)+len(change.Added.Ports) == 0 {
				continue
			}
			nodes := nodesOf(change, peers[i], "# from "+t.Overlays[change.Overlay].Name())
			if change.Action == merge.PortsAdded && change.Into >= before {
				_, ports := node.Entry(added[before][change.Into-before], "ports")
				ports.Content = append(ports.Content, nodes...)
				continue
			}
			into := min(change.Into, before)
			added[into] = append(added[into], nodes...)
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

// addedPeers are the peers that each change adds. They are made all at once: the
// encoder costs more to set up than to use.
func addedPeers(changes []merge.Change) ([]*yaml.Node, error) {
	peers := make([][]networkingv1.NetworkPolicyPeer, len(changes))
	hasPeers := false
	for i, change := range changes {
		peers[i] = change.Added.Peers
		hasPeers = hasPeers || len(peers[i]) > 0
	}
	if !hasPeers {
		return make([]*yaml.Node, len(peers)), nil
	}
	list, err := nodeOf(peers)
	if err != nil {
		return nil, err
	}
	return list.Content, nil
}

// nodesOf are the ports, or the rule with the peers, that a change adds.
func nodesOf(change merge.Change, peers *yaml.Node, comment string) []*yaml.Node {
	var ports []*yaml.Node
	words := words{}
	for _, port := range change.Added.Ports {
		ports = append(ports, words.port(port))
	}
	if change.Action == merge.PortsAdded {
		for _, port := range ports {
			port.Content[1].LineComment = comment // the protocol, which comes first
		}
		return ports
	}
	rule := &yaml.Node{Kind: yaml.MappingNode}
	if len(change.Added.Peers) > 0 {
		rule.Content = append(rule.Content, plain(merge.PeersKey(change.Direction)), peers)
	}
	if len(ports) > 0 {
		rule.Content = append(rule.Content, plain("ports"), &yaml.Node{Kind: yaml.SequenceNode, Content: ports})
	}
	rule.Content[0].LineComment = comment
	return []*yaml.Node{rule}
}

// words are the scalars that the ports of a change have in common.
type words map[string]*yaml.Node

func (w words) node(word string) *yaml.Node {
	if w[word] == nil {
		w[word] = plain(word)
	}
	return w[word]
}

// port is a port with its protocol, as a person would write it.
func (w words) port(port networkingv1.NetworkPolicyPort) *yaml.Node {
	entry := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{w.node("protocol"), w.node(string(*port.Protocol))}}
	switch {
	case port.Port == nil:
		return entry
	case port.Port.Type == intstr.String:
		entry.Content = append(entry.Content, w.node("port"), edit.Scalar(port.Port.StrVal))
	default:
		entry.Content = append(entry.Content, w.node("port"), plain(port.Port.String()))
	}
	if port.EndPort != nil {
		entry.Content = append(entry.Content, w.node("endPort"), plain(strconv.Itoa(int(*port.EndPort))))
	}
	return entry
}

// plain is a scalar that needs no quotes.
func plain(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Value: value}
}

// nodeOf is a value of the API as YAML in block style, its fields in the order
// of the API.
func nodeOf(value any) (*yaml.Node, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	n, err := node.OfJSON(text, 1, 0)
	if err != nil {
		return nil, err
	}
	inPlainStyle(n)
	return n, nil
}

// inPlainStyle takes away what JSON looks like: flow style, and quotes that no version of
// YAML needs.
func inPlainStyle(n *yaml.Node) {
	if n.ShortTag() == "!!str" {
		*n = *edit.Scalar(n.Value)
		return
	}
	n.Style = 0
	for _, child := range n.Content {
		inPlainStyle(child)
	}
}
