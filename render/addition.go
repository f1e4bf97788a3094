package render

import (
	"encoding/json"
	"strconv"

	yamlnode "go.yaml.in/yaml/v3"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/networknt/netpol-merge/merge"
	"github.com/networknt/netpol-merge/render/internal/edit"
)

// edits are the changes of a target's text: what its overlays add, and the annotation.
// Ports added to a rule that was itself appended become part of that rule.
func (t *target) edits() ([]edit.Edit, error) {
	peers, err := t.addedPeers()
	if err != nil {
		return nil, err
	}
	var edits []edit.Edit
	for _, direction := range merge.Directions() {
		before := len(merge.Rules(t.policy, direction))
		added := make([][]*yamlnode.Node, before+1) // ports of each rule that stands, and the rules that are appended
		for i, change := range t.changes {
			if change.Direction != direction || len(change.Added.Peers)+len(change.Added.Ports) == 0 {
				continue
			}
			nodes := nodesOf(change, peers[i], "# from "+t.overlays[change.Overlay].name())
			if change.Action == merge.PortsAdded && change.Into >= before {
				_, ports := entry(added[before][change.Into-before], "ports")
				ports.Content = append(ports.Content, nodes...)
				continue
			}
			into := min(change.Into, before)
			added[into] = append(added[into], nodes...)
		}
		for rule, nodes := range added {
			path := t.path("spec", merge.RulesKey(direction))
			if rule < before {
				path = append(path, rule, "ports")
			}
			if len(nodes) > 0 {
				edits = append(edits, edit.Edit{Path: path, Append: nodes})
			}
		}
	}
	value := t.folded.Annotations[merge.MergedFromAnnotation]
	return append(edits, edit.Edit{Path: t.path("metadata", "annotations"), Key: merge.MergedFromAnnotation, Value: value}), nil
}

// path leads from the document to something in the object.
func (o *object) path(inner ...any) []any {
	if o.item < 0 {
		return inner
	}
	return append([]any{"items", o.item}, inner...)
}

// addedPeers are the peers that each change adds. They are made all at once: the
// encoder costs more to set up than to use.
func (t *target) addedPeers() ([]*yamlnode.Node, error) {
	peers := make([][]networkingv1.NetworkPolicyPeer, len(t.changes))
	hasPeers := false
	for i, change := range t.changes {
		peers[i] = change.Added.Peers
		hasPeers = hasPeers || len(peers[i]) > 0
	}
	if !hasPeers {
		return make([]*yamlnode.Node, len(peers)), nil
	}
	node, err := nodeOf(peers)
	if err != nil {
		return nil, err
	}
	return node.Content, nil
}

// nodesOf are the ports, or the rule with the peers, that a change adds.
func nodesOf(change merge.Change, peers *yamlnode.Node, comment string) []*yamlnode.Node {
	var ports []*yamlnode.Node
	for _, port := range change.Added.Ports {
		ports = append(ports, portNode(port))
	}
	if change.Action == merge.PortsAdded {
		for _, port := range ports {
			port.Content[1].LineComment = comment // the protocol, which comes first
		}
		return ports
	}
	rule := &yamlnode.Node{Kind: yamlnode.MappingNode}
	if len(change.Added.Peers) > 0 {
		rule.Content = append(rule.Content, plain(merge.PeersKey(change.Direction)), peers)
	}
	if len(ports) > 0 {
		rule.Content = append(rule.Content, plain("ports"), &yamlnode.Node{Kind: yamlnode.SequenceNode, Content: ports})
	}
	rule.Content[0].LineComment = comment
	return []*yamlnode.Node{rule}
}

// portNode is a port with its protocol, as a person would write it.
func portNode(port networkingv1.NetworkPolicyPort) *yamlnode.Node {
	node := &yamlnode.Node{Kind: yamlnode.MappingNode, Content: []*yamlnode.Node{plain("protocol"), plain(string(*port.Protocol))}}
	switch {
	case port.Port == nil:
		return node
	case port.Port.Type == intstr.String:
		node.Content = append(node.Content, plain("port"), edit.Scalar(port.Port.StrVal))
	default:
		node.Content = append(node.Content, plain("port"), plain(port.Port.String()))
	}
	if port.EndPort != nil {
		node.Content = append(node.Content, plain("endPort"), plain(strconv.Itoa(int(*port.EndPort))))
	}
	return node
}

// plain is a scalar that needs no quotes.
func plain(value string) *yamlnode.Node {
	return &yamlnode.Node{Kind: yamlnode.ScalarNode, Value: value}
}

// nodeOf is a value of the API as YAML in block style, its fields in the order
// of the API.
func nodeOf(value any) (*yamlnode.Node, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var document yamlnode.Node
	if err := yamlnode.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	if err := inPlainStyle(document.Content[0]); err != nil {
		return nil, err
	}
	return document.Content[0], nil
}

// inPlainStyle takes away what JSON looks like: flow style, and quotes that no
// version of YAML needs.
func inPlainStyle(node *yamlnode.Node) error {
	quoted := withoutStyle(node)
	texts := make([]string, len(quoted))
	for i, scalar := range quoted {
		texts[i] = scalar.Value
	}
	var list yamlnode.Node
	if err := list.Encode(texts); err != nil {
		return err
	}
	for i, scalar := range quoted {
		*scalar = *list.Content[i]
	}
	return nil
}

// withoutStyle takes the style away from a node and all in it but texts, which
// it returns.
func withoutStyle(node *yamlnode.Node) (texts []*yamlnode.Node) {
	if node.ShortTag() == "!!str" {
		return []*yamlnode.Node{node}
	}
	node.Style = 0
	for _, child := range node.Content {
		texts = append(texts, withoutStyle(child)...)
	}
	return texts
}
